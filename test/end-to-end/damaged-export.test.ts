import { once } from 'node:events';
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { readConfig } from '../../control-plane/config.ts';
import { startServer } from '../../control-plane/server/server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { withoutBuiltInRules } from './start-in-process.ts';

const RECORDS = 20_000;
const folder = temporaryFolder();
const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const config = {
  PORT: '0',
  GRPC_PORT: '0',
  DATA_DIR: folder,
  LOG_DIR: `${folder}/logs`,
  ...withoutBuiltInRules(),
};
const server = await startServer(readConfig(config), log);
t.teardown(() => server.close());

async function ask(path: string) {
  const request = get(`${server.url}/api/v1/logs/${path}`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const content = await text(response);
  return { status: response.statusCode, content, missing: response.trailers['x-records-missing'] };
}

t.test('an export of a store that is whole says that nothing is missing', async (t) => {
  const records = Array.from({ length: RECORDS }, (_, index) =>
    JSON.stringify({
      timestamp: new Date(Date.now() - index).toISOString(),
      message: `${index} `.repeat(30),
    }),
  );
  const body = records.join('\n');
  t.equal((await fetch(`${server.url}/logs/ingest`, { method: 'POST', body })).status, 200);
  const { status, content, missing } = await ask('export');
  t.equal(status, 200);
  t.equal(content.trimEnd().split('\n').length, RECORDS);
  t.equal(missing, '0');
});

t.test('an export over damaged files ends, with what is whole and the number of what is not', async (t) => {
  const [message] = readdirSync(join(folder, 'clickhouse/store'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/\d{8}_\d+_\d+_\d+\/(data|message)\.bin$/.test(name))
    .map((name) => join(folder, 'clickhouse/store', name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  const file = openSync(message!, 'r+');
  writeSync(file, Buffer.alloc(500, 0xab), 0, 500, Math.floor(statSync(message!).size / 2));
  closeSync(file);

  const { status, content, missing } = await ask('export');
  t.equal(status, 200);
  const lines = content.trimEnd().split('\n');
  const last = JSON.parse(lines.pop()!) as { type: string; records_missing: number };
  t.equal(last.type, 'export_gap');
  t.ok(last.records_missing > 0);
  t.equal(missing, String(last.records_missing));
  t.equal(lines.length + last.records_missing, RECORDS);

  for (const format of ['json', 'csv']) {
    const answer = await ask(`export?format=${format}&order=desc`);
    t.equal(answer.status, 200, format);
    t.ok(Number(answer.missing) > 0, format);
  }
  const parquet = await Promise.all([1, 2, 3].map(() => ask('export?format=parquet')));
  for (const answer of parquet) {
    t.equal(answer.status, 503);
    t.match(answer.content, /their files are damaged/);
  }
  t.equal((await ask('export?q=level:fatal&from=2001-01-01&to=2001-01-02')).status, 200, 'others go on');
});
