import { copyFile as copy, cp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lockFolder } from '../../../pipeline/runtime/folder-lock.ts';
import { makeFolder } from '../../../pipeline/runtime/make-folder.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { MIGRATIONS } from '../../../pipeline/store/migrations.ts';
import { applyMigrations } from '../../../pipeline/store/schema.ts';
import { literal } from '../../../pipeline/store/sql.ts';
import { alterTable } from '../../../pipeline/store/statement.ts';
import { checksumOf } from './copy-files.ts';
import { type Manifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  readonly folder: string;
  /** A data folder without tables. */
  readonly dataDir: string;
  readonly database: string;
}

/**
 * Restores a backup to a data folder; a server that starts on it brings the schema up to date. Every file is compared with
 * its checksum before anything is written, and every table with its number of rows at the end.
 * @throws Error where the backup is damaged or of a newer release, or the folder is in use
 */
export async function restoreBackup({ folder, dataDir, database }: RestoreOptions): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (manifest.schema_version > MIGRATIONS.length) {
    throw new Error(
      `the backup was made by a newer release (${manifest.version}): restore it with that release`,
    );
  }
  const engineFolder = join(dataDir, 'clickhouse');
  if (await exists(engineFolder))
    throw new Error(`${dataDir} holds data already: restore into an empty folder`);
  for (const { path, sha256 } of manifest.files) {
    const found = await checksumOf(join(folder, path)).catch(() => 'nothing');
    if (found !== sha256)
      throw new Error(`the backup is damaged: ${path} has the checksum ${found}, not ${sha256}`);
  }
  await makeFolder(dataDir);
  const lock = lockFolder(dataDir);
  try {
    await restoreTables(manifest, { folder, dataDir, database });
    for (const { path } of manifest.files.filter((file) => file.path.startsWith('data/'))) {
      const to = join(dataDir, path.slice('data/'.length));
      await makeFolder(dirname(to));
      await copy(join(folder, path), to);
    }
  } catch (error) {
    await rm(engineFolder, { recursive: true, force: true, maxRetries: 10 });
    throw error;
  } finally {
    lock.release();
  }
  return manifest;
}

async function restoreTables(
  manifest: Manifest,
  { folder, dataDir, database }: RestoreOptions,
): Promise<void> {
  const clickhouse = openEmbeddedClickHouse({ path: join(dataDir, 'clickhouse'), database });
  try {
    await applyMigrations(clickhouse, MIGRATIONS.slice(0, manifest.schema_version));
    for (const table of manifest.tables)
      await restoreTable(clickhouse, table, join(folder, 'tables', table.name));
  } finally {
    await clickhouse.close();
  }
}

async function restoreTable(
  clickhouse: ClickHouse,
  { name, rows }: Manifest['tables'][number],
  folder: string,
): Promise<void> {
  const [[path] = ['']] = await clickhouse.query<[string]>(
    'SELECT data_paths[1] FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
    { parameters: { name } },
  );
  for (const part of (await exists(folder)) ? await readdir(folder) : []) {
    if (!/^\w+$/.test(part)) continue;
    await cp(join(folder, part), join(path, 'detached', part), { recursive: true });
    await clickhouse.command(alterTable(name, `ATTACH PART ${literal(part)}`));
  }
  const [[restored] = [0]] = await clickhouse.query<[number]>(
    'SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = {name:String}',
    { parameters: { name } },
  );
  if (Number(restored) !== rows)
    throw new Error(`${name}: ${restored} rows were restored, the backup has ${rows}`);
}

async function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}
