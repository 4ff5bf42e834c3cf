import { request as httpRequest } from 'node:http';
import { deflateSync, gzipSync } from 'node:zlib';
import { compressSync as snappy } from 'snappy';
import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const server = await startHere({ DATA_DIR: temporaryFolder(), INGEST_MAX_BYTES: String(1024 * 1024) });
t.teardown(() => server.close());

/** `{"message":"packed zstd"}` and a line break, as the program zstd packs them. */
const zstd = Buffer.from('KLUv/QRY0QAAeyJtZXNzYWdlIjoicGFja2VkIHpzdGQifQpXW/qU', 'base64');

const found = async (q: string) =>
  (await server.get(`/api/v1/logs/search?q=${encodeURIComponent(q)}`)).records;

t.test('NDJSON, an array and a single object are stored before the answer', async (t) => {
  const forms = {
    lines: '{"message":"form lines 1"}\n{"message":"form lines 2"}\n',
    array: '[{"message":"form array 1"},{"message":"form array 2"}]',
    pretty: '[\n  {\n    "message": "form pretty 1"\n  },\n {"message":"form pretty 2"}]',
  };
  for (const [name, body] of Object.entries(forms)) {
    const { status, body: answer } = await server.ingest(body);
    t.equal(status, 200, name);
    t.same(answer, { accepted: 2, rejected: 0, duplicate: false }, name);
    t.equal((await found(`form AND ${name}`)).length, 2, name);
  }
  t.match(await server.ingest('{\n"message": "form single"\n}'), { status: 200, body: { accepted: 1 } });
});

t.test('an empty body is accepted with nothing in it', async (t) => {
  t.match(await server.ingest(''), { status: 200, body: { accepted: 0, rejected: 0 } });
});

t.test('three broken lines of 200 cost nothing but themselves', async (t) => {
  const broken = new Map([
    [7, '{"message":"cut'],
    [100, 'plain text'],
    [200, '[1,2]'],
  ]);
  const lines = Array.from(
    { length: 200 },
    (_, index) => broken.get(index + 1) ?? `{"message":"two hundred ${index + 1}"}`,
  );
  const { status, body } = await server.ingest(lines.join('\n'), { 'X-Machine-Id': 'breaker' });
  t.equal(status, 200);
  t.same(body, { accepted: 197, rejected: 3, duplicate: false });
  t.equal((await server.get('/api/v1/logs/count?q="two hundred"')).total, 197);
  const { dead_letters: letters } = await server.get('/api/v1/dead-letters?limit=100');
  const mine = letters.filter((letter: any) => letter.agent === 'breaker');
  t.same(
    mine.map((letter: any) => [letter.line, letter.content]).sort((a: any, b: any) => a[0] - b[0]),
    [...broken.entries()],
  );
  for (const letter of mine)
    t.match(letter, { reason: /not valid JSON|expected a JSON object/, received_at: /^20.*Z$/ });
});

t.test('every compression that Fluent Bit knows is unpacked', async (t) => {
  const bodies: [encoding: string, body: Uint8Array][] = [
    ['gzip', gzipSync('{"message":"packed gzip"}\n')],
    ['deflate', deflateSync('{"message":"packed deflate"}\n')],
    ['snappy', snappy(Buffer.from('{"message":"packed snappy"}\n'))],
    ['zstd', zstd],
  ];
  for (const [encoding, body] of bodies) {
    const answer = await server.ingest(body, { 'Content-Encoding': encoding });
    t.match(answer, { status: 200, body: { accepted: 1 } }, encoding);
    t.equal((await found(`packed AND ${encoding}`)).length, 1, encoding);
  }
});

t.test('a damaged body is a 400 and stays as a dead letter', async (t) => {
  const cut = gzipSync(`{"message":"${'x'.repeat(5000)}"}\n`).subarray(0, 30);
  const damaged: [encoding: string, body: Uint8Array][] = [
    ['gzip', cut],
    ['snappy', Buffer.from([200, 1, 255, 255, 255])],
    ['zstd', zstd.subarray(0, 12)],
    ['deflate', Buffer.from('not deflate')],
  ];
  for (const [encoding, body] of damaged) {
    const answer = await server.ingest(body, {
      'Content-Encoding': encoding,
      'X-Machine-Id': `damaged-${encoding}`,
    });
    t.match(answer, { status: 400, body: { error: { message: `not valid ${encoding}` } } }, encoding);
    const { dead_letters: letters } = await server.get('/api/v1/dead-letters?limit=1000');
    t.ok(
      letters.some((letter: any) => letter.agent === `damaged-${encoding}`),
      encoding,
    );
  }
});

t.test('what is no JSON at all is a 400 and stays as dead letters', async (t) => {
  const answer = await server.ingest('first\nsecond', { 'X-Machine-Id': 'no-json' });
  t.match(answer, {
    status: 400,
    body: { error: { message: /expected NDJSON, a JSON array or one JSON object/ } },
  });
  const { dead_letters: letters } = await server.get('/api/v1/dead-letters?limit=1000');
  t.equal(letters.filter((letter: any) => letter.agent === 'no-json').length, 2);
});

t.test('a reason that quotes half of a character is kept like any other', async (t) => {
  const bytes = Buffer.from('8YeKhfO3ubAH', 'base64');
  t.equal((await server.ingest(bytes, { 'X-Machine-Id': 'half' })).status, 400);
  const { dead_letters: letters } = await server.get('/api/v1/dead-letters?limit=1000');
  t.match(letters.find((letter: any) => letter.agent === 'half')?.reason, /not valid JSON.*\ufffd/);
});

t.test('bodies over the limit are a 413, bombs included', async (t) => {
  const large = Buffer.alloc(1024 * 1024 + 1, ' ');
  t.match(await server.ingest(large), { status: 413, body: { error: { message: /INGEST_MAX_BYTES/ } } });
  for (const [encoding, body] of [
    ['gzip', gzipSync(Buffer.alloc(200 * 1024 * 1024))],
    ['snappy', snappy(Buffer.alloc(2 * 1024 * 1024))],
  ] as const) {
    t.match(await server.ingest(body, { 'Content-Encoding': encoding }), { status: 413 }, `${encoding} bomb`);
  }
  t.match(await server.ingest('{"message":"after the bomb"}'), { status: 200 });
});

t.test('an unknown encoding is a 415 that names the known ones', async (t) => {
  const answer = await server.ingest('x', { 'Content-Encoding': 'br' });
  t.match(answer, { status: 415, body: { error: { message: /gzip, deflate, zstd, snappy/ } } });
});

t.test('the same bytes of the same agent are stored once', async (t) => {
  const body = '{"message":"sent twice"}\n';
  const headers = { 'X-Machine-Id': 'repeater' };
  t.match(await server.ingest(body, headers), { body: { accepted: 1, duplicate: false } });
  t.match(await server.ingest(body, headers), { body: { accepted: 1, duplicate: true } });
  t.equal((await found('"sent twice"')).length, 1);
  t.match(await server.ingest(body, { 'X-Machine-Id': 'another' }), { body: { duplicate: false } });
  t.equal((await found('"sent twice"')).length, 2);
});

t.test('the same bytes at the same time are stored once too', async (t) => {
  const body = '{"message":"sent at once","machine_id":"m","time":"2026-03-17T17:46:40Z"}\n';
  const answers = await Promise.all(Array.from({ length: 5 }, () => server.ingest(body)));
  t.equal(answers.filter((answer) => answer.body.duplicate).length, 4);
  t.equal((await found('"sent at once"')).length, 1);
});

t.test('what carries no time and no name is stored each time; a key says what is the same', async (t) => {
  const body = '{"message":"started again"}\n';
  for (let n = 0; n < 2; n++) t.match(await server.ingest(body), { body: { accepted: 1, duplicate: false } });
  t.equal((await found('"started again"')).length, 2);
  const keyed = (key: string, text: string) => server.ingest(text, { 'Idempotency-Key': key });
  t.match(await keyed('a', body), { body: { duplicate: false } });
  t.match(await keyed('a', body), { body: { accepted: 1, duplicate: true } });
  t.match(await keyed('b', body), { body: { duplicate: false } });
  t.equal((await found('"started again"')).length, 4);
});

t.test('a key costs nobody a record', async (t) => {
  const keyed = (text: string | Uint8Array, more = {}) =>
    server.ingest(text, { 'Idempotency-Key': 'batch-1', 'X-Machine-Id': 'victim', ...more });
  t.match(await keyed('{"message":"of somebody who guessed the key"}'), { body: { duplicate: false } });
  const body = '{"message":"of the victim"}\n';
  t.match(await keyed(body), { body: { accepted: 1, duplicate: false } });
  t.match(await keyed(body), { body: { accepted: 1, duplicate: true } });
  for (const level of [1, 9]) {
    const packed = await keyed(gzipSync(body, { level }), { 'Content-Encoding': 'gzip' });
    t.match(packed, { body: { duplicate: true } }, 'however it is compressed');
  }
  t.equal((await found('"of the victim"')).length, 1);
  t.match(await keyed('broken'), { status: 400 });
  t.match(await keyed('broken'), { status: 400 }, 'also when it comes again');
  t.match(await keyed('{"message":"mended"}'), { body: { accepted: 1, duplicate: false } });
  t.equal((await found('"mended"')).length, 1);
});

t.test('every field comes back exactly as it was sent', async (t) => {
  const sent =
    '{"message":"exact fields","a":{"b":{},"c":null,"d":[]},"big":12345678901234567890,"float":1.0,"job_id":12,"id":"mine","__proto__":{"x":1},"text":"\\u0000\\ud83d\\ude00"}';
  await server.ingest(sent);
  const response = await fetch(`${server.url}/api/v1/logs/search?q="exact+fields"`);
  const text = await response.text();
  for (const part of [
    '"a":{"b":{},"c":null,"d":[]}',
    '"big":12345678901234567890',
    '"float":1.0',
    '"job_id":12',
    '"id_":"mine"',
    '"__proto__":{"x":1}',
    '"text":"\\u0000\\ud83d\\ude00"',
  ]) {
    t.ok(text.includes(part), part);
  }
});

t.test('hostile text reaches the store, filters and comes back unchanged', async (t) => {
  const texts = ["'; DROP TABLE logs; --", '\\', '\u2028\u2029', '{q0:String}', '<script>', '\t\n"'];
  for (const [index, text] of texts.entries()) {
    await server.ingest(JSON.stringify({ message: `hostile ${text}`, machine_id: text, [text]: text }));
    const { records } = await server.get(`/api/v1/logs/search?machine_id=${encodeURIComponent(text)}`);
    t.equal(records.length, 1, `text ${index} filters`);
    t.equal(records[0][text], text, `text ${index} is unchanged`);
    t.equal(records[0].message, `hostile ${text}`, `message ${index} is unchanged`);
  }
});

t.test('a replay needs the admin token', async (t) => {
  await server.ingest('{"message":"x"}\n{"message":"replay me"', { 'X-Machine-Id': 'replayer' });
  const { dead_letters } = await server.get('/api/v1/dead-letters');
  const letter = dead_letters.find((entry: any) => entry.agent === 'replayer');
  const response = await fetch(`${server.url}/api/v1/dead-letters/${letter.id}/replay`, { method: 'POST' });
  t.equal(response.status, 401);
});

t.test('a body whose size is not declared is limited as well', async (t) => {
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(`${server.url}/logs/ingest`, { method: 'POST' }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    request.on('error', reject);
    for (let index = 0; index < 20; index++) request.write(' '.repeat(64 * 1024));
    request.end();
  });
  t.equal(status, 413);
});
