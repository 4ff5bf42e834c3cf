import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The process that holds the engine's folder; undefined where none does. */
export async function engineHolder(engineFolder: string): Promise<number | undefined> {
  const status = await readFile(join(engineFolder, 'status'), 'utf8').catch(() => '');
  const pid = Number(/^PID: (\d+)$/m.exec(status)?.[1] ?? Number.NaN);
  if (Number.isNaN(pid) || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
