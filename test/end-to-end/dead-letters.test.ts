import { join } from 'node:path';
import t from 'tap';
import { DeadLetterStore, type NewDeadLetter } from '../../pipeline/store/dead-letter-store.ts';
import { openEmbeddedClickHouse } from '../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../pipeline/store/schema.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

/** A length-delimited field of protobuf. */
function field(number: number, content: Uint8Array): Buffer<ArrayBuffer> {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), content]);
}

const otlpRecord = (text: string) => field(2, field(5, field(1, Buffer.from(text))));
const otlpRequest = (...records: Buffer[]) => field(1, field(2, Buffer.concat(records)));
const otlpBytes = (text: string) => otlpRequest(otlpRecord(text));
const otlpJson = (text: string) =>
  JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: text } }] }] }],
  });

const letter = (
  id: string,
  more: Partial<NewDeadLetter> & Pick<NewDeadLetter, 'content'>,
): NewDeadLetter => ({
  id,
  receivedAt: Date.now() * 1000,
  agent: `agent-of-${id}`,
  source: 'api',
  line: 1,
  reason: 'an earlier release could not read it',
  ...more,
});

/** Letters whose reason is gone: an earlier release kept them, this one can read them. */
const largeMessages = [1, 2, 3, 4].map((number) => `large ${number} ${'ä x '.repeat(190_000)}`);
const large = otlpRequest(...largeMessages.map(otlpRecord));
const long = `long ${'ä x '.repeat(700_000)}end`;
const READABLE = [
  letter('record', { content: '{"message":"replayed record","service":"replay"}' }),
  letter('body', {
    line: 0,
    content:
      '{"message":"replayed one","service":"replay"}\nno JSON\n{"message":"replayed two","service":"replay"}',
  }),
  letter('otlp-json', { line: 0, source: 'otlp', content: otlpJson('replayed otlp json') }),
  letter('otlp-bytes', { line: 0, source: 'otlp', content: otlpBytes('replayed otlp bytes') }),
  letter('otlp-large', { line: 0, source: 'otlp', content: large }),
  letter('otlp-long', { line: 0, source: 'otlp', content: otlpBytes(long) }),
  letter('line-long', { content: `{"message":"${long}","service":"line-long"}` }),
  letter('abc-rest-7', {
    line: 7,
    content: '{"message":"rest one","service":"rest"}\nno JSON\n{"message":"rest two","service":"rest"}',
  }),
  letter('def-rest-7', {
    line: 7,
    source: 'otlp',
    content: Buffer.concat([otlpBytes('rest of otlp, one'), otlpBytes('rest of otlp, two')]),
  }),
];

const folder = temporaryFolder();
const earlier = openEmbeddedClickHouse({ path: join(folder, 'clickhouse'), database: 'logplane' });
await migrate(earlier, { days: 30, errorDays: 90 });
await new DeadLetterStore(earlier, (text) => text).add(READABLE);
// As a release stored it that knew no pieces.
const whole = 'größer '.repeat(100_000);
await earlier.insert('dead_letters', ['id', 'seq', 'agent', 'source', 'line', 'reason', 'content'], {
  format: 'JSONCompactEachRow',
  pieces: [Buffer.from(`${JSON.stringify(['whole', Date.now() * 1000, 'a', 'api', 0, 'broken', whole])}\n`)],
});
await earlier.command('OPTIMIZE TABLE dead_letters');
await earlier.close();

const server = await startHere({ DATA_DIR: folder, ADMIN_TOKEN: 'admin', INGEST_MAX_BYTES: '16777216' });
t.teardown(() => server.close());

const list = async (): Promise<any[]> => (await server.get('/api/v1/dead-letters?limit=1000')).dead_letters;
const find = async (agent: string) => (await list()).filter((entry) => entry.agent === agent);
const replay = async (id: string) => {
  const response = await fetch(`${server.url}/api/v1/dead-letters/${encodeURIComponent(id)}/replay`, {
    method: 'POST',
    headers: { 'X-Admin-Token': 'admin' },
  });
  return { status: response.status, body: (await response.json()) as any };
};
const messages = async (q: string) =>
  (await server.get(`/api/v1/logs/search?q=${encodeURIComponent(q)}`)).records.map(
    (record: any) => record.message,
  );

const UNREADABLE_FIELD = /^(?:invalid wire type 7|index out of range)/;

t.test('a letter whose reason is gone becomes a record, the way it came, and is gone', async (t) => {
  const cases: [id: string, query: string, found: string[]][] = [
    ['record', '"replayed record"', ['replayed record']],
    ['otlp-json', '"replayed otlp json"', ['replayed otlp json']],
    ['otlp-bytes', '"replayed otlp bytes"', ['replayed otlp bytes']],
  ];
  for (const [id, query, found] of cases) {
    const answer = await replay(id);
    t.same(answer, { status: 200, body: { accepted: 1, rejected: 0, duplicate: false } }, id);
    t.same(await messages(query), found, id);
    t.same(await find(`agent-of-${id}`), [], `${id} is no letter any more`);
    t.equal((await replay(id)).status, 404);
  }
  const [record] = (await server.get('/api/v1/logs/search?q=%22replayed%20otlp%20bytes%22')).records;
  t.equal(record.source, 'otlp', 'it has the source of its letter');
});

t.test('of a body that can be read in part the rest is a letter of its own', async (t) => {
  t.match(await replay('body'), { status: 200, body: { accepted: 2, rejected: 1 } });
  t.same((await messages('service:replay replayed')).toSorted(), [
    'replayed one',
    'replayed record',
    'replayed two',
  ]);
  const left = await find('agent-of-body');
  t.match(left, [{ line: 2, content: 'no JSON', content_bytes: 7 }]);
  t.equal(left.length, 1);
});

t.test('one that still cannot be read says why each time, and nothing changes', async (t) => {
  const cases: [
    agent: string,
    body: string | Buffer<ArrayBuffer>,
    path: string,
    type: string,
    reason: RegExp,
  ][] = [
    ['cut', '{"message":"x"}\n{"message":"cut', '/logs/ingest', 'application/x-ndjson', /^not valid JSON/],
    [
      'number',
      '{"message":"x"}\n42',
      '/logs/ingest',
      'application/x-ndjson',
      /expected a JSON object, got number/,
    ],
    ['otlp text', 'no request at all', '/v1/logs', 'application/json', /^not an OTLP request in protobuf/],
    [
      'otlp bytes',
      Buffer.from([0x0a, 200, 1, 2]),
      '/v1/logs',
      'application/x-protobuf',
      /^not an OTLP request in protobuf/,
    ],
    [
      'otlp record',
      // The body has a field of a kind that does not exist.
      field(1, field(2, field(2, field(5, Buffer.from([7]))))),
      '/v1/logs',
      'application/x-protobuf',
      UNREADABLE_FIELD,
    ],
    [
      'otlp json record',
      JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: 'x' }] }] }] }),
      '/v1/logs',
      'application/json',
      /^expected a value such as/,
    ],
  ];
  for (const [agent, body, path, type, reason] of cases) {
    const headers = { 'X-Machine-Id': agent, 'Content-Type': type };
    await fetch(`${server.url}${path}`, { method: 'POST', body, headers });
    const before = await find(agent);
    t.equal(before.length, 1, agent);
    for (let attempt = 1; attempt <= 3; attempt++) {
      const answer = await replay(before[0].id);
      t.match(
        answer,
        { status: 200, body: { accepted: 0, rejected: 1, duplicate: false } },
        `${agent}: ${attempt}`,
      );
      t.match(answer.body.reason, reason);
    }
    t.same(await find(agent), before, `${agent}: the letter is the same and the only one`);
  }
});

t.test('a rejected OTLP record is kept with what it shares, as a request of its own', async (t) => {
  const resource = { attributes: [{ key: 'machine_id', value: { stringValue: 'gpu-7' } }] };
  const request = (body: string) => ({
    resourceLogs: [
      {
        resource,
        scopeLogs: [
          { scope: { name: 'trainer' }, logRecords: [{ body: { stringValue: 'fine' } }, { body }] },
        ],
      },
    ],
  });
  const headers = { 'X-Machine-Id': 'shares', 'Content-Type': 'application/json' };
  await fetch(`${server.url}/v1/logs`, { method: 'POST', body: JSON.stringify(request('x')), headers });
  const [kept] = await find('shares');
  t.same(JSON.parse(kept.content), {
    resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'trainer' }, logRecords: [{ body: 'x' }] }] }],
  });
});

t.test('what many small records share does not become a multiple of itself', async (t) => {
  const shared = { key: 'note', value: { stringValue: 'n'.repeat(10_000) } };
  const body = JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [shared] },
        scopeLogs: [{ logRecords: [{ body: 'y' }, { body: 'z' }] }],
      },
    ],
  });
  const headers = { 'X-Machine-Id': 'many', 'Content-Type': 'application/json' };
  await fetch(`${server.url}/v1/logs`, { method: 'POST', body, headers });
  for (const { content_bytes } of await find('many')) t.ok(content_bytes < 1_000, `${content_bytes}`);
});

t.test('a list shows the beginning of a content, its own address all of it', async (t) => {
  const contents: [agent: string, content: string][] = [
    ['short', 'broken'],
    ['exact', 'x'.repeat(1000)],
    ['longer', 'x'.repeat(1001)],
    ['characters', 'ä'.repeat(700)],
    ['emoji', `a${'😀'.repeat(400)}`],
    ['control', '\u0001"\\\t'.repeat(400)],
    ['large', 'some words and ä '.repeat(200_000)],
  ];
  for (const [agent, content] of contents) {
    await server.ingest(content, { 'X-Machine-Id': agent });
    const [listed] = await find(agent);
    t.equal(listed.content_bytes, Buffer.byteLength(content.trim()), `${agent}: content_bytes`);
    t.ok(Buffer.byteLength(listed.content) <= 1000, `${agent}: at most 1 kB`);
    t.ok(content.startsWith(listed.content) && listed.content.length > 0, `${agent}: its beginning`);
    const { content: all, ...rest } = await server.get(`/api/v1/dead-letters/${listed.id}`);
    t.equal(all === content.trim(), true, `${agent}: all of it`);
    t.match(listed, rest, `${agent}: the rest is the same`);
  }
  t.equal((await fetch(`${server.url}/api/v1/dead-letters/none`)).status, 404);
});

t.test('bytes are shown in base64, and large ones are replayed as they came', async (t) => {
  const { content: shown, content_bytes } = await server.get('/api/v1/dead-letters/otlp-large');
  t.equal(shown === large.toString('base64'), true);
  t.equal(content_bytes, shown.length);
  t.match(await replay('otlp-large'), { status: 200, body: { accepted: 4, rejected: 0 } });
  const found = (await messages('large')).map((message: string) => message.trim()).toSorted();
  t.equal(found.length, 4);
  for (const [index, message] of largeMessages.entries()) t.equal(found[index] === message.trim(), true);
});

t.test('a record that is too long is replayed in pieces, as it is when it comes', async (t) => {
  for (const id of ['otlp-long', 'line-long']) {
    const { status, body } = await replay(id);
    t.match({ status, body }, { status: 200, body: { rejected: 0 } });
    t.ok(body.accepted > 2, `${id}: ${body.accepted} pieces`);
    t.same(await find(`agent-of-${id}`), []);
  }
  const { records } = await server.get('/api/v1/logs/search?q=too_large:bytes&limit=100');
  const pieces = records.filter(({ message }: any) => message.includes('"service":"line-long"'));
  t.equal(pieces.length, 1, 'the last piece has what stood behind the message');
});

t.test('the letter of the rest is replayed line by line, and as one OTLP request', async (t) => {
  t.match(await replay('abc-rest-7'), { status: 200, body: { accepted: 2, rejected: 1 } });
  t.same((await messages('service:rest')).toSorted(), ['rest one', 'rest two']);
  t.match(await find('agent-of-abc-rest-7'), [{ content: 'no JSON', line: 2 }]);
  t.match(await replay('def-rest-7'), { status: 200, body: { accepted: 2, rejected: 0 } });
  t.same((await messages('"rest of otlp"')).toSorted(), ['rest of otlp, one', 'rest of otlp, two']);
});

t.test('a letter that an earlier release stored as a whole is shown like the others', async (t) => {
  const listed = (await list()).find(({ id }) => id === 'whole');
  t.equal(listed.content_bytes, Buffer.byteLength(whole));
  t.ok(Buffer.byteLength(listed.content) <= 1000 && whole.startsWith(listed.content));
  const { content } = await server.get('/api/v1/dead-letters/whole');
  t.equal(content === whole, true);
});

t.test('of OTLP records the rest is kept as bytes and remains a request', async (t) => {
  // The body of each has a field of a kind that does not exist.
  const broken = field(2, Buffer.concat([field(5, Buffer.from([7])), field(12, Buffer.from('b'))]));
  const body = otlpRequest(...Array.from({ length: 1_100 }, () => broken));
  const headers = { 'X-Machine-Id': 'otlp rest', 'Content-Type': 'application/x-protobuf' };
  await fetch(`${server.url}/v1/logs`, { method: 'POST', body, headers });
  const rest = (await find('otlp rest')).find(({ id }) => /-rest-/.test(id));
  t.match(rest, { line: 1_001, reason: /^100 entries/ });
  const answer = await replay(rest.id);
  t.match(answer, { status: 200, body: { accepted: 0, rejected: 1, reason: UNREADABLE_FIELD } });
});

t.test('of a letter that was added again the newer one is read', async (t) => {
  const agent = 'grows';
  // Each slice of 20,000 records stores the letter of the rest anew.
  const noise = (name: string) => Array.from({ length: 600 }, (_, n) => `${name} ${n}`).join('\n');
  const parts = [
    noise('a'),
    noise('b'),
    Array(20_000).fill('{"message":"g"}').join('\n'),
    noise('c'),
    'last',
  ];
  await server.ingest(parts.join('\n'), { 'X-Machine-Id': agent });
  const rest = (await find(agent)).find(({ id }) => /-rest-/.test(id));
  const { content } = await server.get(`/api/v1/dead-letters/${rest.id}`);
  t.ok(content.endsWith('\nlast'));
  t.equal(rest.content_bytes, Buffer.byteLength(content));
});
