import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';

/** Where the kernel shows control groups, and which of them this process is in; tests use a folder of their own. */
export interface MemorySource {
  readonly cgroupFolder: string;
  readonly ownGroups: string;
  readonly machineBytes: number;
}

const SYSTEM: MemorySource = {
  cgroupFolder: '/sys/fs/cgroup',
  ownGroups: '/proc/self/cgroup',
  machineBytes: totalmem(),
};

/**
 * Bytes that this process may use: the setting, else the limit of its control group (version 1 or 2), else the memory
 * of the machine. A setting above the group's limit or the machine's memory is lowered, because the kernel would kill the process there.
 * @param setting MEMORY_LIMIT_BYTES; 0 stands for no limit of its own
 */
export function memoryLimit(setting: number | undefined, source: MemorySource = SYSTEM): number {
  const available = Math.min(source.machineBytes, ...groupLimits(source));
  return setting ? Math.min(setting, available) : available;
}

/**
 * The limits of the process's control group and its parents. `process.constrainedMemory()` reads the group alone, and a parent may allow
 * less (measured with Node 20: 2^64 for a group without a limit in one of 1 GiB).
 */
function groupLimits({ cgroupFolder, ownGroups }: MemorySource): number[] {
  // Each line is `number:controllers:/path`; version 2 has no controllers there.
  const groups = readText(ownGroups).matchAll(/^\d+:([^:\n]*):(\/[^\n]*)$/gm);
  return Array.from(groups).flatMap(([, controllers, path]) => {
    if (controllers === '')
      return ancestors(path!).map((group) => limitIn(cgroupFolder, group, 'memory.max'));
    if (!controllers!.split(',').includes('memory')) return [];
    const folder = join(cgroupFolder, 'memory');
    return ancestors(path!).map((group) => limitIn(folder, group, 'memory.limit_in_bytes'));
  });
}

/** `/a/b`, `/a` and `/`. In a container the mounted folder often is the group itself, so that only the last one is there. */
function ancestors(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return Array.from(
    { length: names.length + 1 },
    (_, index) => `/${names.slice(0, names.length - index).join('/')}`,
  );
}

function limitIn(folder: string, group: string, file: string): number {
  // Version 2 writes `max` and version 1 nearly 2^63 where there is no limit.
  const limit = Number.parseInt(readText(join(folder, group, file)), 10);
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
