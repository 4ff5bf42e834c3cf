/** More nodes than any cluster has; a longer list is cut. */
const MAX_HOSTS = 100_000;

/** Expands SLURM's short form: `nid[001-003,7],gr015` → `nid001`, `nid002`, `nid003`, `nid7`, `gr015`. */
export function expandHostlist(text: string): string[] {
  const hosts: string[] = [];
  // Commas inside brackets do not separate hosts.
  for (const [item] of text.matchAll(/(?:[^,[]|\[[^\]]*\])+/g)) {
    for (const host of expand(item.trim())) {
      if (hosts.length >= MAX_HOSTS) return hosts;
      hosts.push(host);
    }
  }
  return hosts;
}

function* expand(item: string): Generator<string> {
  const match = /^([^[]*)\[([^\]]*)\](.*)$/s.exec(item);
  if (!match) {
    yield item;
    return;
  }
  const [, before, ranges, after] = match;
  for (const range of ranges!.split(',')) {
    const [first, last = first] = range.split('-');
    for (let number = Number(first); number <= Number(last); number++) {
      const padded = String(number).padStart(first!.length, '0');
      for (const host of expand(`${before}${padded}${after}`)) yield host;
    }
  }
}

/** More tasks than any job has. */
const MAX_TASKS = 100_000;

/** SLURM's short form of task numbers: `0-2,7` → 0, 1, 2, 7; `4-12:4` → 4, 8, 12. The `...` of a list that was cut is none. */
export function expandTasks(text: string): number[] {
  const tasks: number[] = [];
  for (const range of text.split(',')) {
    const [, first, last = first, step = '1'] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(range) ?? [];
    if (first === undefined) continue;
    for (
      let task = Number(first);
      task <= Number(last) && tasks.length < MAX_TASKS;
      task += Math.max(1, Number(step))
    )
      tasks.push(task);
  }
  return tasks;
}
