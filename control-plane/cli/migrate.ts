import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import { replaceFile } from '../../pipeline/runtime/replace-file.ts';
import { type CopyState, copyStore } from '../../pipeline/store/copy-store.ts';
import { migrate } from '../../pipeline/store/schema.ts';
import { readConfig } from '../config.ts';
import { readEnvFile } from '../process/env-file.ts';
import { openClickHouse } from '../server/clickhouse.ts';
import { createProgress, progressBar, report } from './terminal.ts';

/** Copies the store of `DATA_DIR`, whose server must not run, to a ClickHouse server. */
export async function migrateTo(url: string): Promise<void> {
  const config = readConfig({ ...readEnvFile(), ...process.env, CLICKHOUSE_URL: url });
  const folder = join(config.DATA_DIR, 'clickhouse');
  if (!existsSync(folder))
    throw new Error(
      `DATA_DIR: ${config.DATA_DIR} holds no data; set DATA_DIR to the data folder of the server`,
    );
  const retention = { days: config.RETENTION_DAYS, errorDays: config.ERROR_RETENTION_DAYS };
  const lock = lockFolder(config.DATA_DIR);
  const target = await openClickHouse(config, report);
  const source = await openClickHouse({ ...config, CLICKHOUSE_URL: undefined }, report).catch(
    async (error: Error) => {
      await target.close();
      throw error;
    },
  );
  const statePath = join(
    config.DATA_DIR,
    'state',
    `migrate-${digest(`${url}/${config.CLICKHOUSE_DATABASE}`)}`,
  );
  const progress = createProgress();
  const started = performance.now();
  try {
    await migrate(source, retention);
    await migrate(target, retention);
    const state = await readState(statePath);
    if (state) report(`continuing after ${state.copied} records`);
    const copied = await copyStore({
      source,
      target,
      state,
      save: (next) => saveState(statePath, next),
      onProgress: (table, done, total) =>
        progress.show(`${progressBar(done / total)} ${table} ${done} of ${total}`),
    });
    progress.clear();
    for (const { table, rows } of copied) report(`${table}: ${rows} rows, verified`);
    report(
      `copied in ${((performance.now() - started) / 1000).toFixed(1)} s; start with CLICKHOUSE_URL=${url}`,
    );
    await rm(statePath, { force: true });
  } finally {
    progress.clear();
    await source.close();
    await target.close();
    lock.release();
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

async function readState(path: string): Promise<CopyState | undefined> {
  if (!existsSync(path)) return undefined;
  // Version 0.1.0 called it `place`.
  const { place, ...state } = JSON.parse(await readFile(path, 'utf8')) as CopyState & { place?: number };
  return { ...state, upTo: state.upTo ?? place };
}

async function saveState(path: string, state: CopyState): Promise<void> {
  await replaceFile(path, JSON.stringify(state));
}
