import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentDrillResult, drillAgent } from './agent-drill.ts';

/**
 * The server is away while more is written than the buffer may hold.
 * @param disk megabytes of a disk of its own for the buffer (root on Linux alone); undefined = the limit is `BUFFER_CHUNKS`
 */
export async function drillFullBuffer(folder: string, disk: number | undefined): Promise<AgentDrillResult> {
  const stateDir = join(folder, 'buffer');
  mkdirSync(stateDir);
  if (disk !== undefined) mount(stateDir, disk);
  try {
    return await drillAgent({
      folder,
      stateDir,
      seconds: 14,
      linesPerSecond: 10_000,
      every: 2,
      variables: { BUFFER_CHUNKS: disk === undefined ? 4 : 128 },
      fault: async ({ faults, killServer, startServer }) => {
        if (faults === 1) await killServer('SIGKILL');
        if (faults === 6) await startServer();
      },
    });
  } finally {
    if (disk !== undefined) spawnSync('umount', ['-l', stateDir]);
  }
}

function mount(folder: string, megabytes: number): void {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (status !== 0) throw new Error(`a disk of ${megabytes} MB could not be mounted: this needs root`);
}
