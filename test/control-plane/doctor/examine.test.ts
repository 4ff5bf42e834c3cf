import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { readConfig } from '../../../control-plane/config.ts';
import { examine } from '../../../control-plane/doctor/examine.ts';
import type { Finding } from '../../../control-plane/doctor/finding.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { runCli } from '../cli/run-cli.ts';

t.setTimeout(120_000);
const root = temporaryFolder();
const doctor = (settings: Record<string, string>) =>
  examine(readConfig({ LOG_API_CALLS: 'false', PORT: '0', GRPC_PORT: '0', ...settings }));
const problems = (findings: readonly Finding[]) => findings.filter(({ state }) => state === 'problem');

async function fill(folder: string): Promise<void> {
  const clickhouse = openEmbeddedClickHouse({ path: join(folder, 'clickhouse'), database: 'logplane' });
  await migrate(clickhouse, { days: 30, errorDays: 90 });
  for (let part = 0; part < 2; part++) {
    await clickhouse.command(
      `INSERT INTO logs (seq, timestamp, level, service, message)
       SELECT toUnixTimestamp64Micro(now64(6)) + number, now64(9), 'info', 's${part}', concat('line ', toString(rand64())) FROM numbers(1000)`,
    );
  }
  await clickhouse.close();
}

t.test('a new folder and one with data are healthy', async (t) => {
  const folder = join(root, 'healthy');
  t.same(problems(await doctor({ DATA_DIR: folder })), []);
  await fill(folder);
  const findings = await doctor({ DATA_DIR: folder });
  t.same(problems(findings), []);
  t.match(findings.at(-1), {
    what: 'tables',
    state: 'ok',
    detail: /^the checksums of \d+ parts are correct/,
  });
});

t.test('what stands in the way is named, with what to do', async (t) => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  writeFileSync(join(root, 'rules.yaml'), 'sampling: [{ query: "a", keep_one_in: 1 }]');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const port = String((taken.address() as AddressInfo).port);
  const cases: [Record<string, string>, string, RegExp][] = [
    [
      { DATA_DIR: join(file, 'data') },
      'data folder',
      /is not writable: expected a folder, got a file; remove the file/,
    ],
    [{ DATA_DIR: '/sys/logplane' }, 'data folder', /DATA_DIR \(\/sys\/logplane\) is not writable: /],
    [
      { DATA_DIR: join(root, 'new'), PORT: port },
      'PORT',
      /another program uses this port .*; set PORT to another one/,
    ],
    [
      { DATA_DIR: join(root, 'new'), HOST: '192.0.2.1', PORT: '8004' },
      'PORT',
      /HOST is not an address of this machine/,
    ],
    [
      { DATA_DIR: join(root, 'new'), RULES_FILE: join(root, 'rules.yaml') },
      'RULES_FILE',
      /sampling 1 keep_one_in: must be at least 2/,
    ],
    [{ DATA_DIR: join(root, 'new'), RULES_FILE: join(root, 'none.yaml') }, 'RULES_FILE', /no such file/],
  ];
  for (const [settings, what, detail] of cases) t.match(problems(await doctor(settings)), [{ what, detail }]);
});

t.test('a damaged part is put aside, and kept', async (t) => {
  const folder = join(root, 'damaged');
  await fill(folder);
  const store = join(folder, 'clickhouse', 'store');
  const data = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\d{8}_\d+_\d+_\d+(?:_\d+)?\/(?:data|message)\.bin$/.test(path),
  );
  t.ok(data.length >= 2);
  const victim = join(store, data[0]!);
  const bytes = readFileSync(victim);
  const middle = Math.floor(bytes.length / 2);
  bytes.fill(0xff, middle, middle + 16);
  writeFileSync(victim, bytes);
  const [found, ...more] = problems(await doctor({ DATA_DIR: folder }));
  t.match(found, { what: 'tables', detail: /the part \S+ of logs is damaged/ });
  t.same(more, []);
  t.match(await found!.repair!(), /moved to the folder detached/);
  t.same(problems(await doctor({ DATA_DIR: folder })), []);
  const kept = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /detached\/\d{8}_/.test(path),
  );
  t.ok(kept.length > 0, 'its files are there');
  const clickhouse = openEmbeddedClickHouse({ path: join(folder, 'clickhouse'), database: 'logplane' });
  t.same(await clickhouse.query('SELECT count() FROM logs'), [[1_000]]);
  await clickhouse.close();
});

t.test('leftovers and files of zeros are repaired', async (t) => {
  const folder = join(root, 'left');
  mkdirSync(join(folder, 'state'), { recursive: true });
  mkdirSync(join(folder, 'clickhouse-exports'));
  writeFileSync(join(folder, 'clickhouse-exports', 'x.parquet'), 'x');
  writeFileSync(join(folder, 'state', 'requests'), '\0'.repeat(100));
  const mendable = (await doctor({ DATA_DIR: folder })).filter(({ repair }) => repair);
  t.match(mendable, [
    { what: 'state', state: 'problem' },
    { what: 'leftovers', state: 'warning' },
  ]);
  for (const { repair } of mendable) await repair!();
  t.notOk((await doctor({ DATA_DIR: folder })).some(({ repair }) => repair));
  t.ok(existsSync(join(folder, 'state', 'requests.damaged')));
});

t.test('tables that the engine cannot open stay as they are, and the server says so', async (t) => {
  const folder = join(root, 'metadata');
  await fill(folder);
  const metadata = join(folder, 'clickhouse', 'metadata');
  const table = readdirSync(join(folder, 'clickhouse'), { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('logs.sql'),
  )!;
  truncateSync(join(folder, 'clickhouse', table), 40);
  const before = readdirSync(join(folder, 'clickhouse', 'store'), { recursive: true }).length;
  const env = {
    DATA_DIR: folder,
    LOG_API_CALLS: 'false',
    PORT: '0',
    GRPC_PORT: '0',
  };
  const told = await runCli(['doctor'], { env });
  t.match(told, { code: 1, stdout: /problem tables: .*restore/ });
  const started = await runCli(['serve'], { env });
  t.match(started, { code: 1, stderr: /logplane: .*run "logplane doctor" for details/ });
  t.equal(readdirSync(join(folder, 'clickhouse', 'store'), { recursive: true }).length, before);
  t.ok(existsSync(metadata));
});

t.test('bad settings are findings too', async (t) => {
  const told = await runCli(['doctor', '--json'], { env: { PORT: 'many' } });
  t.equal(told.code, 1);
  t.match(JSON.parse(told.stdout), {
    findings: [{ what: 'settings', detail: /PORT: expected a whole number/ }],
  });
});
