import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readConfig } from '../../control-plane/config.ts';
import { examine } from '../../control-plane/doctor/examine.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const data = temporaryFolder();
const settings = { DATA_DIR: data };
const headers = { 'X-Machine-Id': 'm' };
const REQUESTS = 4;
const LINES = 1_000;

/** Text that does not compress, so that its column has bytes to damage. */
const body = (request: number) =>
  Array.from({ length: LINES }, (_, line) =>
    JSON.stringify({ message: `id ${line} ${Math.sin(request * LINES + line)}`, service: 'drill', request }),
  ).join('\n');

/** Files of the records that the engine has in use, the largest first. */
function dataFiles(): string[] {
  const store = join(data, 'clickhouse', 'store');
  return readdirSync(store, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/\d{8}_\d+_\d+_\d+\/data\.bin$/.test(name))
    .map((name) => join(store, name))
    .sort((a, b) => lstatSync(b).size - lstatSync(a).size);
}

t.test('a part that cannot be read at the start is set aside and told; the rest is served', async (t) => {
  const first = await startProcess(settings);
  for (let request = 0; request < REQUESTS; request++) {
    t.equal((await first.ingest(body(request), headers)).status, 200);
    // Whoever asks has what came in before stored by itself: each request becomes a part.
    await first.get('/api/v1/logs/count?q=service:drill');
  }
  await first.stop('SIGTERM');
  const [damaged] = dataFiles();
  writeFileSync(damaged!, readFileSync(damaged!).subarray(0, 100));

  const server = await startProcess(settings);
  const { total } = await server.get('/api/v1/logs/count?q=service:drill');
  t.equal(total, (REQUESTS - 1) * LINES);
  const { impaired } = await server.get('/readyz');
  t.match(
    impaired.storage,
    /^damaged parts of the table logs were set aside, and their records are missing \(1\): \/.*detached/,
  );
  const [, aside] = /\(1\): (\S+)/.exec(impaired.storage)!;
  t.ok(existsSync(join(aside!, 'data.bin')), 'nothing was destroyed');

  let known = 0;
  for (let request = 0; request < REQUESTS; request++) {
    if ((await server.ingest(body(request), headers)).body.duplicate) known++;
  }
  t.equal(
    known,
    REQUESTS - 1,
    'requests are known by their rows; the one whose rows are gone is taken again',
  );
  t.equal((await server.get('/api/v1/logs/count?q=service:drill')).total, REQUESTS * LINES);
  t.equal(await server.stop('SIGTERM'), 0);
});

t.test('bytes that rot later: a clear answer, and the file stays as it is', async (t) => {
  const [damaged] = dataFiles();
  const bytes = readFileSync(damaged!);
  bytes.fill(0xab, bytes.length >> 2, (bytes.length >> 2) * 3);
  writeFileSync(damaged!, bytes);
  const server = await startProcess(settings);
  let output = '';
  server.child.stderr!.on('data', (chunk) => {
    output += chunk;
  });
  const response = await fetch(`${server.url}/api/v1/logs/search?q=id&limit=1000&order=asc`);
  t.equal(response.status, 503);
  t.match(await response.json(), { error: { message: /some stored records cannot be read/ } });
  t.match(output, /data\.bin/, 'the console names the file');
  t.equal((await server.ingest('{"message":"goes on","service":"later"}')).status, 200);
  t.match(await server.get('/healthz'), { status: 'ok' });
  t.same(readFileSync(damaged!), bytes);
  await server.stop('SIGTERM');
});

t.test('a file of the journal that lost its bytes is set aside and told; the server starts', async (t) => {
  const journal = join(data, 'clickhouse-journal');
  // As a power failure leaves them: the files have their length, and nothing was written to the disk.
  for (const [name, content] of [
    ['0', Buffer.alloc(5_000)],
    ['1', Buffer.from('no block of rows at all')],
  ] as const) {
    writeFileSync(join(journal, name), content);
    const end = Buffer.alloc(24);
    end.writeDoubleLE(content.length, 0);
    end.writeDoubleLE(7, 8);
    end.writeDoubleLE((Date.now() + 3_600_000) * 1_000, 16);
    writeFileSync(join(journal, `${name}.ends`), end);
  }
  const server = await startProcess(settings);
  t.match(
    (await server.get('/readyz')).impaired.storage,
    /damaged files of the journal were set aside, and their records are missing \(2\)/,
  );
  t.equal(readdirSync(journal).filter((name) => name.includes('damaged')).length, 2);
  t.equal((await server.ingest('{"message":"goes on","service":"journal"}')).status, 200);
  t.equal((await server.get('/api/v1/logs/count?q=service:journal')).total, 1);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  t.match(metrics, /^logplane_damaged_journal_files 2$/m);
  t.match(metrics, /^logplane_damaged_parts 1$/m);
  await server.stop('SIGTERM');
  const findings = await examine(readConfig({ ...settings, PORT: '0', GRPC_PORT: '0' }));
  const ofJournal = findings.filter(({ what }) => what === 'journal');
  t.match(ofJournal, [
    { state: 'warning', detail: /0\.damaged-\d+ was set aside: .*missing/ },
    { detail: /1\.damaged-/ },
  ]);
});

t.test(
  'a forwarding whose position cannot be read stands still and says so; the server starts',
  async (t) => {
    const position = join(data, 'state', 'forward-otlp');
    mkdirSync(join(data, 'state'), { recursive: true });
    writeFileSync(position, '{"cur');
    const server = await startProcess({
      ...settings,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:9',
      FORWARD_DESTINATIONS: '[{"name":"other","endpoint":"http://127.0.0.1:9"}]',
    });
    t.match((await server.get('/readyz')).impaired, {
      'forward-otlp': /nothing is forwarded to otlp: .*forward-otlp cannot be read .*move it away/,
      'forward-other': undefined,
    });
    t.equal(readFileSync(position, 'utf8'), '{"cur', 'nothing was destroyed');
    t.equal((await server.ingest('{"message":"goes on","service":"forwarding"}')).status, 200);
    t.equal(await server.stop('SIGTERM'), 0);
    t.ok(existsSync(join(data, 'state', 'forward-other')), 'another destination is forwarded to');
  },
);
