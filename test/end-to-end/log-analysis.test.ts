import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { EventReader, take } from '../event-reader.ts';
import { serve } from './serve.ts';

const HOUR = '2026-11-20T10:';
const RECORDS = Array.from({ length: 1_200 }, (_, index) => ({
  timestamp: `${HOUR}${String(Math.floor(index / 60)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}.123456Z`,
  level: index % 7 === 0 ? 'ERROR' : 'INFO',
  service: index % 2 === 0 ? 'vllm' : 'client',
  machine_id: `m${index % 3}`,
  file_path: `/logs/${index % 2}.log`,
  message: `request ${index}, "quoted", with a comma`,
  n: index,
  nested: { empty: {}, none: null },
}));
type Entry = Record<string, unknown> & { id: string; n: number };

const { url, get, ingest } = await serve(t, { MAX_STREAMS_PER_CLIENT: '3' });
await ingest(RECORDS);
const path = (address: string, parameters: Record<string, string> = {}) =>
  `/api/v1/logs/${address}?${new URLSearchParams(parameters)}`;

t.test('counts, histogram keys and facets have levels in upper case', async (t) => {
  const { groups } = await get<{ groups: unknown }>(path('count', { by: 'level' }));
  t.same(groups, [
    { level: 'INFO', count: 1028 },
    { level: 'ERROR', count: 172 },
  ]);
  const histogram = await get<{ interval: string; buckets: Entry[] }>(
    path('histogram', { from: `${HOUR}00:00Z`, to: `${HOUR}30:00Z`, by: 'level', interval: '10m' }),
  );
  t.equal(histogram.interval, '10m');
  t.same(histogram.buckets, [
    { timestamp: `${HOUR}00:00Z`, total: 600, counts: { INFO: 514, ERROR: 86 } },
    { timestamp: `${HOUR}10:00Z`, total: 600, counts: { INFO: 514, ERROR: 86 } },
    { timestamp: `${HOUR}20:00Z`, total: 0, counts: {} },
  ]);
  const { facets } = await get<{ facets: unknown }>(
    path('facets', { fields: 'level,machine_id,absent', limit: '2' }),
  );
  t.same(facets, {
    level: [
      { value: 'INFO', count: 1028 },
      { value: 'ERROR', count: 172 },
    ],
    machine_id: [
      { value: 'm0', count: 400 },
      { value: 'm1', count: 400 },
    ],
    absent: [],
  });
});

t.test('context gives the lines of the same file around one', async (t) => {
  const { records } = await get<{ records: Entry[] }>(path('search', { q: 'n:600' }));
  const context = (id: string, more: Record<string, string> = {}) =>
    get<{ records: Entry[] }>(path('context', { id, ...more })).then((answer) =>
      answer.records.map(({ n }) => n),
    );
  t.same(await context(records[0]!.id, { before: '2', after: '3' }), [588, 594, 600, 606, 612, 618]);
  t.same(await context(records[0]!.id, { before: '0', after: '0' }), [600]);
  t.equal((await context(records[0]!.id)).length, 21);
  await t.rejects(context('1'), /404.*no record has the id \\"1\\"/);
  await t.rejects(context('x'), /400.*id: expected the id of a record/);
});

t.test('an export has every record in every format', async (t) => {
  const fetchExport = (format: string, q = '') => fetch(url + path('export', { format, q }));
  const { records } = await get<{ records: Entry[] }>(path('search', { limit: '1000', order: 'asc' }));

  const ndjson = await fetchExport('ndjson');
  t.match(ndjson.headers.get('content-disposition'), /^attachment; filename="logs-[\dT-]+\.ndjson"$/);
  const lines = (await ndjson.text()).trimEnd().split('\n');
  t.same(lines.length, 1_200);
  t.same(
    lines.slice(0, 1000).map((line) => JSON.parse(line)),
    records,
    'the same as everywhere else',
  );
  t.same(await (await fetchExport('json', 'n:<5')).json(), records.slice(0, 5));
  t.same(await (await fetchExport('json', 'nothing')).json(), []);
  t.equal(await (await fetchExport('ndjson', 'nothing')).text(), '');

  const csv = (await (await fetchExport('csv', 'level:error')).text()).trimEnd().split(/\r?\n/);
  t.match(csv[0], /^id,timestamp,level,message,service,machine_id,/);
  t.equal(csv.length, 173);
  t.match(
    csv[1],
    /^"\d{16}","2026-11-20T10:00:00\.123456Z","ERROR","request 0, ""quoted"", with a comma","vllm","m0",/,
  );

  const parquet = Buffer.from(await (await fetchExport('parquet')).arrayBuffer());
  t.equal(parquet.subarray(0, 4).toString(), 'PAR1');
  t.equal(parquet.subarray(-4).toString(), 'PAR1');
  t.equal((await fetchExport('xml')).status, 400);
  t.equal((await fetchExport('csv', 'a:(')).status, 400);
});

t.test('an export that its client leaves gives its place to the next', async (t) => {
  for (let round = 0; round < 8; round++) {
    const left = new AbortController();
    const response = await fetch(url + path('export'), { signal: left.signal });
    t.equal(response.status, 200);
    left.abort();
  }
  t.equal((await (await fetch(url + path('export'))).text()).split('\n').length, 1_201);
});

t.test('an export of which only the head is asked for gives its place to the next', async (t) => {
  for (let round = 0; round < 8; round++)
    t.equal((await fetch(url + path('export'), { method: 'HEAD' })).status, 200);
  t.equal((await (await fetch(url + path('export'))).text()).split('\n').length, 1_201);
});

t.test('an export over HTTP/1.0, which has no chunks', async (t) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET ${path('export')} HTTP/1.0\r\nHost: localhost\r\n\r\n`);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  t.match(head, /^HTTP\/1\.1 200 /);
  t.equal(body.split('\n').length, 1_201);
});

t.test('long queries are posted, as a form or as JSON', async (t) => {
  const post = async (address: string, body: string, type: string, query = '') => {
    const response = await fetch(`${url}/api/v1/logs/${address}${query}`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': type },
    });
    return { status: response.status, body: await response.text() };
  };
  const form = 'application/x-www-form-urlencoded';
  const long = Array.from({ length: 250 }, (_, n) => `n:${n}`).join(' OR ');
  t.match((await post('count', `q=${encodeURIComponent(long)}`, form)).body, /"total":250/);
  t.match(
    (await post('count', JSON.stringify({ q: long, by: ['level', 'service'] }), 'application/json')).body,
    /"total":250,"groups":\[\{"level":"INFO","service"/,
  );
  t.match(
    (await post('search', '{"limit":2}', 'application/json', '?q=n:7')).body,
    /"n":7/,
    'together with the address',
  );
  t.match((await post('recent', 'lines=1', form)).body, /^\[\{"id".*\}\]$/);
  for (const address of ['histogram', 'facets', 'patterns', 'stats', 'export'])
    t.equal((await post(address, '{"q":null}', 'application/json')).status, 200, address);
  t.same(await post('count', 'q=a&q=b', form), {
    status: 400,
    body: '{"error":{"message":"q: expected one value, got 2"}}',
  });
  t.equal((await post('count', '{"q":"a"}', 'application/json', '?q=b')).status, 400);
  t.equal((await post('count', '[1]', 'application/json')).status, 400);
  t.equal((await post('count', '{', 'application/json')).status, 400);
  t.equal((await post('count', '<q/>', 'text/xml')).status, 415);
  t.equal((await post('count', '', 'text/plain')).status, 200);
});

t.test('what is too long for the engine is told, not a defect', async (t) => {
  const post = async (address: string, parameters: object) => {
    const body = JSON.stringify(parameters);
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${url}/api/v1/logs/${address}`, { method: 'POST', body, headers });
    return { status: response.status, text: await response.text() };
  };
  const terms = Array.from({ length: 200 }, (_, n) => `a.b.c.d.e.n${n}:v${n}`).join(' OR ');
  t.match(await post('search', { q: terms }), { status: 422, text: /fewer terms/ });
  const services = Array.from({ length: 20_000 }, (_, n) => `s${n}`).join(',');
  t.equal(
    (await post('search', { service: services })).status,
    200,
    'a list of values is one look into a set',
  );
  const deep = 'a.'.repeat(100_000);
  t.match(await post('count', { by: ['level', deep] }), { status: 400, text: /by: expected a field name/ });
  t.match(await post('histogram', { by: deep }), { status: 400, text: /by: expected/ });
  t.match(await post('facets', { fields: deep }), { status: 400, text: /fields: expected/ });
});

t.test('several named queries share a stream, and it resumes between two events of a record', async (t) => {
  const queries = JSON.stringify({ errors: 'level:error', seventh: 'n:[0 TO 14]', none: 'n:-1' });
  const address = url + path('stream', { queries, tail: '1200', follow: 'false', machine_id: 'm0,m1,m2' });
  const all = await take(new EventReader(address), 9_999);
  const names = all.map(({ name, data }) => `${name} ${(JSON.parse(data) as Entry).n}`);
  t.same(names.slice(0, 4), ['errors 0', 'seventh 0', 'seventh 1', 'seventh 2']);
  t.equal(names.length, 172 + 15);

  const resumed = await take(new EventReader(address, { headers: { 'Last-Event-ID': all[0]!.id } }), 9_999);
  t.same(resumed, all.slice(1));
  t.same(
    await take(new EventReader(address, { headers: { 'Last-Event-ID': all[1]!.id } }), 2),
    all.slice(2, 4),
  );

  for (const [given, problem] of [
    ['{', /queries: expected a JSON object/],
    ['{}', /queries: expected a JSON object .* got 0/],
    ['{"gap":"a"}', /names of 1 to 64/],
    ['{"a b":"a"}', /names of 1 to 64/],
    ['{"a":1}', /the query \\"a\\" to be a text/],
    ['{"a":"b:("}', /expected/],
  ] as const) {
    const response = await fetch(url + path('stream', { queries: given }));
    t.equal(response.status, 400, given);
    t.match(await response.text(), problem);
  }
});

t.test('a stream goes on behind any id that has the form of one', async (t) => {
  for (const id of ['0', '0.0', '0.12', '9999999999999999', '9999999999999999.99']) {
    const text = await (await fetch(url + path('stream', { after: id, follow: 'false' }))).text();
    t.notMatch(text, 'event: error', id);
    t.equal(text.match(/^data: /gm)?.length ?? 0, id.startsWith('0') ? RECORDS.length : 0, id);
  }
});

t.test('a client may have only so many streams', async (t) => {
  const open = async () => {
    const reader = new EventReader(url + path('stream', { tail: '1' }));
    await reader[Symbol.asyncIterator]().next();
    return reader;
  };
  const readers = [await open(), await open(), await open()];
  const refused = await fetch(url + path('stream'));
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('retry-after'), '5');
  t.match(await refused.text(), /streams: expected at most 3 open ones of a client/);
  readers[0]!.cut();
  for (let status = 429; status === 429; ) {
    const again = new AbortController();
    status = (await fetch(url + path('stream'), { signal: again.signal })).status;
    again.abort();
    if (status === 200) t.pass('a stream that ends gives its place back');
  }
  for (const reader of readers) reader.cut();
});
