import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startProcess } from '../end-to-end/test-server.ts';
import { Mount } from './mount.ts';
import { type DrillResult, Senders } from './senders.ts';

export interface DiskResult extends DrillResult {
  /** Requests that were refused while the disk was full. */
  readonly refused: number;
  /** Records that a query counted while it was full. */
  readonly readWhileFull: number;
}

/** The disk under the data fills up under load, stays full until requests were refused, and is freed again. */
export async function drillFullDisk(options: {
  readonly folder: string;
  readonly megabytes: number;
  readonly rounds: number;
  readonly refusals: number;
}): Promise<DiskResult> {
  const disk = new Mount(join(options.folder, 'disk'), options.megabytes);
  const ballast = join(options.folder, 'disk', 'ballast');
  try {
    const server = await startProcess({ DATA_DIR: join(options.folder, 'disk', 'data') });
    const senders = new Senders({ url: () => server.url, agents: 4, linesPerRequest: 100 });
    let readWhileFull = 0;
    for (let round = 0; round < options.rounds; round++) {
      const goal = senders.acknowledged + 4_000;
      while (senders.acknowledged < goal) await setTimeout(10);
      const refused = (senders.repeated['503'] ?? 0) + options.refusals;
      while ((senders.repeated['503'] ?? 0) < refused) {
        fill(ballast, disk.folder);
        await setTimeout(10);
      }
      readWhileFull = (await server.get('/api/v1/logs/count?q=service:drill')).total;
      rmSync(ballast);
    }
    const goal = senders.acknowledged + 4_000;
    while (senders.acknowledged < goal) await setTimeout(10);
    await senders.stop();
    const result = await senders.result();
    await server.stop('SIGTERM');
    return { ...result, refused: senders.repeated['503'] ?? 0, readWhileFull };
  } finally {
    disk.end();
  }
}

/** Takes every byte that is free. */
export function fill(path: string, folder: string): void {
  for (;;) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) return;
    try {
      writeFileSync(path, Buffer.alloc(bavail * bsize), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
