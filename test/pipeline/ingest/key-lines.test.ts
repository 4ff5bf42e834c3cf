import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { createRedaction } from '../../../control-plane/features/rules/redaction.ts';
import { NO_RULES, parseRules } from '../../../control-plane/features/rules/rules-file.ts';
import { acceptOtlp } from '../../../pipeline/ingest/accept-otlp.ts';
import type { BatchQueue, Part } from '../../../pipeline/ingest/batch-queue.ts';
import { KnownRequests } from '../../../pipeline/ingest/known-requests.ts';
import { createCategorizer } from '../../../pipeline/ingest/transforms/categorize.ts';
import type { LogRecord } from '../../../pipeline/record/log-record.ts';
import { unavailable } from '../../../pipeline/runtime/errors.ts';
import type { DeadLetterStore, NewDeadLetter } from '../../../pipeline/store/dead-letter-store.ts';
import { createPipeline } from './create-pipeline.ts';

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString()
  .trim()
  .split('\n');
const secret = key.slice(1, -1);
const leaks = (stored: unknown) => secret.filter((line) => JSON.stringify(stored).includes(line));

/** A pipeline in front of a store that keeps its records, and refuses them while `refuses` is set. */
function createScene(redaction = NO_RULES.redaction) {
  const redact = createRedaction(redaction);
  const rules = { redact, categorize: createCategorizer(), defaultTimezone: 'UTC' };
  const stored: LogRecord[] = [];
  const letters: NewDeadLetter[] = [];
  const store = { refuses: false };
  const queue = {
    async add({ records }: Part) {
      if (store.refuses) throw unavailable('the disk is full');
      stored.push(...records!);
    },
  };
  const deadLetters = {
    add: async (more: readonly NewDeadLetter[]) => void letters.push(...more),
  } as unknown as DeadLetterStore;
  const requests = new KnownRequests({ shared: undefined, findStored: async () => undefined });
  requests.seen.completeTo(0);
  const { pipeline } = createPipeline(rules, {
    redact,
    queue: queue as unknown as BatchQueue,
    deadLetters,
    requests,
    hasLiveReaders: () => true,
  });
  let sent = 0;
  const send = (agent: string | undefined, records: readonly (object | string)[], digest = String(sent++)) =>
    pipeline.accept({
      agent,
      peer: 'here',
      digest,
      source: 'api',
      entries: records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))),
    });
  return { pipeline, deadLetters, redact, store, stored, letters, send };
}

const line = (log: string, file_path = '/var/log/app.log') => ({
  timestamp: '2026-11-20T13:44:00Z',
  file_path,
  machine_id: 'node-1',
  service: 'app',
  region: 'eu',
  worker_id: 'w',
  a: 1,
  b: 'two',
  log,
});

t.test('a key comes line by line in records of nine fields', async (t) => {
  const { stored, send } = createScene();
  await send('a', [line('before'), line('between'), ...key.map((text) => line(text)), line('after')]);
  t.same(leaks(stored), []);
  t.equal(stored[0]!.message, 'before');
  t.equal(stored.at(-2)!.message, '-----END RSA PRIVATE KEY-----');
  t.equal(stored.at(-1)!.message, 'after');
  t.ok(
    stored.every(({ machine_id, file_path }) => machine_id === 'node-1' && file_path === '/var/log/app.log'),
  );
});

t.test('other senders and other files lose nothing, also in the same request', async (t) => {
  const { stored, send } = createScene();
  const hash = `Ab${'c3'.repeat(31)}`;
  const name = 'aLongNameOfAField0123456789ABCDEF';
  const other = { message: hash, machine_id: hash, [name]: 1 };
  for (const [index, text] of key.entries()) {
    await send('a', [
      line(text),
      line(hash, '/var/log/other.log'),
      line(key[key.length - 1 - index]!, '/backwards'),
    ]);
    await send('b', [other]);
  }
  t.same(leaks(stored.filter(({ file_path }) => file_path === '/var/log/app.log')), []);
  const others = stored.filter(({ file_path }) => file_path === '/var/log/other.log' || file_path === '');
  t.equal(others.length, 2 * key.length);
  t.ok(others.every(({ message }) => message === hash));
  t.ok(
    stored.filter(({ file_path }) => file_path === '').every((record) => record.attributes.includes(name)),
  );
});

t.test('the end of a request in the middle of a key, of every size', async (t) => {
  for (let size = 1; size < key.length; size++) {
    const { stored, send } = createScene();
    await send('a', [{ log: 'x' }, { log: 'y' }]);
    for (let from = 0; from < key.length; from += size)
      await send(
        'a',
        key.slice(from, from + size).map((log) => ({ log })),
      );
    t.same(leaks(stored), [], `${size} lines in each`);
  }
});

t.test('a relay that names itself nowhere and sends the lines of several machines', async (t) => {
  const { stored, send } = createScene();
  for (const [index, log] of key.entries()) {
    const own = { machine_id: 'm1', log };
    const other = { machine_id: 'm2', log: `line ${index}` };
    await send(undefined, index % 2 ? [own, other] : [other, own]);
  }
  t.same(leaks(stored), []);
});

t.test('a request that was refused comes again, from the middle of a key to its end', async (t) => {
  const { store, stored, send } = createScene();
  await send(
    'a',
    key.slice(0, 10).map((log) => ({ log })),
  );
  const rest = key.slice(10).map((log) => ({ log }));
  store.refuses = true;
  await t.rejects(send('a', rest, 'again'), { message: 'the disk is full' });
  store.refuses = false;
  await send('a', rest, 'again');
  t.same(leaks(stored), []);
  await send('a', rest, 'again');
  await send('a', [{ log: secret[0] }]);
  t.equal(stored.at(-1)!.message, secret[0], 'a repetition that was stored opens nothing');
});

t.test('the text of a record wherever it stands', async (t) => {
  const ways: Record<string, (text: string) => object> = {
    message: (message) => ({ message, n: 1 }),
    body: (body) => ({ body }),
    'a line of JSON in a line': (msg) => ({ log: JSON.stringify({ level: 'info', msg }) }),
    'a docker line in a line': (text) => ({
      log: JSON.stringify({ log: JSON.stringify({ msg: text }), stream: 'stdout' }),
    }),
    'a record without a text': (output) => ({ output, n: 1 }),
  };
  for (const [way, write] of Object.entries(ways)) {
    const { stored, send } = createScene();
    await send('a', [write('x'), write('y'), ...key.map(write), write('z')]);
    t.same(leaks(stored), [], way);
    t.match(stored.at(-1)!.message, 'z');
  }
});

t.test('a body that is no JSON becomes dead letters without the key', async (t) => {
  const { letters, send } = createScene();
  await send('a', ['before', ...key, 'after']);
  t.equal(letters.length, key.length + 2);
  t.same(leaks(letters), []);
  t.notOk(
    letters.some(({ reason }) => reason.includes('MII')),
    'no reason quotes it',
  );
  t.equal(letters.at(-1)!.content, 'after');
});

t.test('OTLP', async (t) => {
  const { pipeline, deadLetters, stored } = createScene();
  const records = ['x', ...key, 'z'].map((stringValue) => ({ body: { stringValue } }));
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'app' } }] };
  for (const [index, logRecords] of [records.slice(0, 9), records.slice(9)].entries()) {
    const content = Buffer.from(
      JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
    );
    const request = { format: 'json', content, agent: undefined, peer: 'p', digest: String(index) } as const;
    await acceptOtlp({ pipeline, deadLetters }, request);
  }
  t.equal(stored.length, records.length);
  t.same(leaks(stored), []);
});

t.test('where private keys are not to be redacted they stay', async (t) => {
  const { stored, send } = createScene(parseRules('redaction: { forms: { private_key: false } }').redaction);
  await send(
    'a',
    key.map((log) => ({ log })),
  );
  t.same(leaks(stored), secret);
});

t.test('open keys are bounded, for one agent and for all, and those forgotten are counted', async (t) => {
  const { redact, send, stored } = createScene();
  const begin = (file_path: string) => ({ file_path, log: key[0] });
  await send('kept', [begin('/kept')]);
  await send(
    'one',
    Array.from({ length: 150 }, (_, index) => begin(`/${index}`)),
  );
  t.equal(redact.keyBlocks.dropped, 50, 'of one agent');
  await send('kept', [{ file_path: '/kept', log: secret[0] }]);
  t.same(leaks(stored), [], 'another agent keeps its own');
  for (let index = 0; index < 1_100; index++) await send(`agent ${index}`, [begin('/a')]);
  t.equal(redact.keyBlocks.dropped, 50 + 1 + 100 + 100);
});

/** Longer than a text that is read without yielding. */
const padding = 'words and words '.repeat(6_000);

t.test('a key goes on in records that are read step by step', async (t) => {
  const { stored, send } = createScene();
  const [begin, ...lines] = key;
  await send('a', [line(`${padding}\n${begin}`), ...lines.slice(0, 9).map((text) => line(text))]);
  await send('a', [line(`${lines.slice(9).join('\n')}\n${padding}`), line(secret[0]!)]);
  t.same(leaks(stored.slice(0, -1)), []);
  t.ok(stored.at(-2)!.message.endsWith(padding), 'what stands behind the key stays');
  t.same(leaks(stored.slice(-1)), [secret[0]], 'the key has ended');
});

t.test('a key goes on in lines that are no records, also in those that are only counted', async (t) => {
  const { letters, send } = createScene();
  const noise = Array.from({ length: 1_100 }, (_, index) => `line ${index}`);
  await send('a', [...key, `${padding}x`, ...noise, ...key, 'after']);
  t.same(leaks(letters), []);
  const rest = letters.at(-1)!;
  t.match(rest.id, /-rest-\d+$/);
  t.ok(rest.content.toString().endsWith('-----END RSA PRIVATE KEY-----\nafter'));
});

t.test('a key that was open in a request whose sender left is open in its repetition', async (t) => {
  const { pipeline, stored, send } = createScene();
  await send('a', [line('before'), ...key.slice(0, 3).map((text) => line(text))]);
  const rest = key.slice(3).map((text) => JSON.stringify(line(text)));
  const left = new AbortController();
  const request = { agent: 'a', peer: 'here', source: 'api', digest: 'rest' };
  const leaving = function* () {
    yield* rest;
    left.abort();
    yield undefined;
    yield undefined;
  };
  await t.rejects(
    pipeline.accept({ ...request, entries: { [Symbol.iterator]: leaving }, signal: left.signal }),
    { message: /the client disconnected/ },
  );
  await pipeline.accept({ ...request, entries: rest });
  t.equal(stored.length, 1 + key.length);
  t.same(leaks(stored), []);
});
