import { constants } from 'node:fs';
import { access, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderHolder } from '../../pipeline/runtime/folder-lock.ts';
import { loadState } from '../../pipeline/runtime/state-file.ts';
import { isSetAside } from '../../pipeline/store/journal-leftover.ts';
import type { Config } from '../config.ts';
import { probeFolder } from '../server/probe-folder.ts';
import { type Finding, ok, problem, reasonOf, warning } from './finding.ts';

const GIB = 1024 ** 3;
const MIN_FREE_BYTES = 2 * GIB;
const MIN_FREE_SHARE = 0.05;

/** The folders that the server writes, and the disk below them. */
export async function checkFolders(config: Config): Promise<Finding[]> {
  const data = await checkWritable('data folder', 'DATA_DIR', config.DATA_DIR);
  const findings = [data];
  if (config.LOG_API_CALLS) findings.push(await checkWritable('request log', 'LOG_DIR', config.LOG_DIR));
  if (data.state === 'problem') return findings;
  return [
    ...findings,
    await checkDisk(config),
    ...(await checkState(config)),
    ...(await checkJournal(config)),
    ...(await checkLeftovers(config)),
  ];
}

async function checkWritable(what: string, setting: string, folder: string): Promise<Finding> {
  try {
    await probeFolder(folder);
    return ok(what, `${setting} (${folder}) is writable`);
  } catch (error) {
    return problem(what, `${setting} (${folder}) is not writable: ${reasonOf(error)}`);
  }
}

async function checkDisk({ DATA_DIR, MAX_DISK_BYTES }: Config): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(DATA_DIR);
  const free = bavail * bsize;
  const size = blocks * bsize;
  const space = `${(free / GIB).toFixed(1)} GiB of ${(size / GIB).toFixed(1)} GiB are free`;
  if (MAX_DISK_BYTES !== undefined && MAX_DISK_BYTES > size * 0.9) {
    return warning(
      'disk',
      `${space}; MAX_DISK_BYTES (${MAX_DISK_BYTES}) exceeds nine tenths of the disk; lower it`,
    );
  }
  if (free > Math.min(MIN_FREE_BYTES, size * MIN_FREE_SHARE)) return ok('disk', space);
  const advice =
    MAX_DISK_BYTES === undefined ? 'set MAX_DISK_BYTES or shorten RETENTION_DAYS' : 'lower MAX_DISK_BYTES';
  return problem('disk', `${space}: merges need space for copies; free some space, and ${advice}`);
}

/** Files of positions and windows. A file that is damaged can be set aside. */
async function checkState({ DATA_DIR }: Config): Promise<Finding[]> {
  const folder = join(DATA_DIR, 'state');
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.endsWith('.damaged'));
  const findings: Finding[] = [];
  for (const name of names) {
    const path = join(folder, name);
    try {
      await access(path, constants.R_OK | constants.W_OK);
      const bytes = await readFile(path);
      const isWhole = await loadState(path).then(
        () => !bytes.includes(0),
        () => false,
      );
      if (!isWhole) {
        findings.push({
          ...problem(
            'state',
            `${path} is damaged: its checksum is wrong or it holds zero bytes; without it the server continues from the stored rows`,
          ),
          repair: async () => {
            const aside = `${path}.damaged`;
            await writeFile(aside, bytes);
            await rm(path);
            return `moved to ${aside}`;
          },
        });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR')
        findings.push(problem('state', `${path}: ${reasonOf(error)}`));
    }
  }
  return findings.length > 0 ? findings : [ok('state', `${names.length} state files are readable`)];
}

/** Files of the journal that a start could not read completely. */
async function checkJournal({ DATA_DIR }: Config): Promise<Finding[]> {
  const folder = join(DATA_DIR, 'clickhouse-journal');
  const names = (await readdir(folder).catch(() => [])).filter(isSetAside);
  return names.map((name) =>
    warning(
      'journal',
      `${join(folder, name)} was set aside: its unreadable records are missing, the others are stored; ` +
        'send the missing ones again where the senders still have them, then remove the file',
    ),
  );
}

/** Leftovers of a killed server: parts of exports and backups. */
async function checkLeftovers({ DATA_DIR }: Config): Promise<Finding[]> {
  const engineFolder = join(DATA_DIR, 'clickhouse');
  if (folderHolder(DATA_DIR) !== undefined) return [];
  const found: string[] = [];
  for (const folder of [`${engineFolder}-exports`, join(engineFolder, 'shadow')]) {
    const names = await readdir(folder).catch(() => []);
    found.push(...names.filter((name) => name !== 'increment.txt').map((name) => join(folder, name)));
  }
  if (found.length === 0) return [];
  return [
    {
      ...warning(
        'leftovers',
        `${found.length} leftovers of interrupted exports or backups take space, such as ${found[0]}`,
      ),
      repair: async () => {
        for (const path of found) await rm(path, { recursive: true, force: true });
        return `removed ${found.length}`;
      },
    },
  ];
}
