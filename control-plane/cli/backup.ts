import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { FolderInUseError, type FolderLock, lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import type { Config } from '../config.ts';
import type { Manifest } from '../features/backup/manifest.ts';
import { packageVersion } from '../http/package-version.ts';
import { request, type ServerOptions } from './api.ts';
import { readSettings } from './settings.ts';
import { print } from './terminal.ts';

type Summary = Pick<Manifest, 'tables' | 'schema_version'>;

export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('copy the data folder to an empty folder, also while the server runs')
    .argument('<dir>', 'folder on the machine of the server')
    .option('--server <url>', 'URL of the server that uses the data folder (default: HOST and PORT)')
    .option('--token <token>', 'admin token (default: ADMIN_TOKEN, or the token in the data folder)')
    .action(async (dir: string, options: Partial<ServerOptions>) => {
      const config = readSettings();
      const { refuseOwnFolder } = await import('../features/backup/refuse-own-folder.ts');
      await refuseOwnFolder(resolve(dir), { DATA_DIR: config.DATA_DIR, LOG_DIR: config.LOG_DIR });
      await show(
        'backed up',
        (await backUpHere(config, resolve(dir))) ?? (await askServer(config, resolve(dir), options)),
      );
    });
  program
    .command('restore')
    .description('restore a backup to the data folder (DATA_DIR), which must be empty')
    .argument('<dir>', 'folder of the backup')
    .action(async (dir: string) => {
      const { DATA_DIR, CLICKHOUSE_DATABASE } = readSettings();
      const { restoreBackup } = await import('../features/backup/restore-backup.ts');
      const options = { folder: resolve(dir), dataDir: DATA_DIR, database: CLICKHOUSE_DATABASE };
      await show('restored', await restoreBackup(options));
    });
}

/** Undefined where a server has the data folder. */
async function backUpHere(
  { DATA_DIR, CLICKHOUSE_DATABASE }: Config,
  folder: string,
): Promise<Manifest | undefined> {
  const { openEmbeddedClickHouse } = await import('../../pipeline/store/embedded-clickhouse.ts');
  const { createBackup } = await import('../features/backup/create-backup.ts');
  const path = join(DATA_DIR, 'clickhouse');
  if (!existsSync(join(path, 'metadata')))
    throw new Error(`DATA_DIR (${DATA_DIR}) holds no data; set DATA_DIR to the data folder of the server`);
  let lock: FolderLock;
  try {
    lock = lockFolder(DATA_DIR);
  } catch (error) {
    if (error instanceof FolderInUseError) return undefined;
    throw error;
  }
  try {
    const clickhouse = openEmbeddedClickHouse({ path, database: CLICKHOUSE_DATABASE });
    try {
      return await createBackup({ clickhouse, dataDir: DATA_DIR, folder, version: packageVersion() });
    } finally {
      await clickhouse.close();
    }
  } finally {
    lock.release();
  }
}

async function askServer(config: Config, dir: string, options: Partial<ServerOptions>): Promise<Summary> {
  const server = options.server ?? `http://${config.HOST}:${config.PORT}`;
  const token =
    options.token ?? config.ADMIN_TOKEN ?? readFileSync(join(config.DATA_DIR, 'admin-token'), 'utf8').trim();
  const answer = await request({ server, token }, '/api/v1/backup', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dir }),
  });
  return (await answer.json()) as Summary;
}

async function show(done: string, { tables, schema_version }: Summary): Promise<void> {
  const rows = tables.map(({ name, rows, parts }) => `${name}: ${rows} rows in ${parts} parts\n`).join('');
  await print(`${rows}${done}, schema version ${schema_version}; every file and every table was verified\n`);
}
