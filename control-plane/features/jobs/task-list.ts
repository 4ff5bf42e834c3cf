/** More tasks than any job has. */
const MAX_TASKS = 100_000;

/** SLURM's short form of task numbers: `0-2,7` → 0, 1, 2, 7. */
export function expandTasks(text: string): number[] {
  const tasks: number[] = [];
  for (const range of text.split(',')) {
    const [first, last = first] = range.split('-').map(Number);
    for (let task = first!; task <= last! && tasks.length < MAX_TASKS; task++) tasks.push(task);
  }
  return tasks;
}
