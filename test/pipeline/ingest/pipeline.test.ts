import t from 'tap';
import { createRedaction } from '../../../control-plane/features/rules/redaction.ts';
import { NO_RULES } from '../../../control-plane/features/rules/rules-file.ts';
import type { BatchQueue, Part } from '../../../pipeline/ingest/batch-queue.ts';
import { KnownRequests, type SharedRequests } from '../../../pipeline/ingest/known-requests.ts';
import type { IngestRequest } from '../../../pipeline/ingest/pipeline.ts';
import { createCategorizer } from '../../../pipeline/ingest/transforms/categorize.ts';
import { unavailable } from '../../../pipeline/runtime/errors.ts';
import type { DeadLetterStore } from '../../../pipeline/store/dead-letter-store.ts';
import { decodeRequest } from '../../../pipeline/store/request-progress.ts';
import { createPipeline } from './create-pipeline.ts';

interface SceneOptions {
  /** Which insert is done and fails all the same. */
  readonly lostAnswer?: number;
  readonly shared?: SharedRequests;
  /** Resolves when an insert may be done. */
  readonly insert?: () => Promise<void>;
}

/** A pipeline before a store that keeps the numbers and the progress of what it is given. */
function createScene({ lostAnswer, shared, insert }: SceneOptions = {}) {
  const rules = {
    redact: createRedaction(NO_RULES.redaction),
    categorize: createCategorizer(),
    defaultTimezone: 'UTC',
  };
  const stored: string[] = [];
  const letters: string[] = [];
  const store = { rows: 0, searches: 0 };
  const queue = {
    async add({ rows, request }: Part) {
      await insert?.();
      store.rows += rows.count;
      stored.push(request);
      if (stored.length === lostAnswer) throw unavailable('the answer was lost');
    },
  };
  const startPipeline = () => {
    const requests = new KnownRequests({
      shared,
      findStored: async (key) => {
        store.searches++;
        return stored
          .filter((request) => request.startsWith(key))
          .map(decodeRequest)
          .at(-1);
      },
    });
    requests.seen.completeTo(0);
    const { pipeline } = createPipeline(rules, {
      redact: rules.redact,
      queue: queue as unknown as BatchQueue,
      deadLetters: {
        add: async (added: readonly { id: string }[]) => void letters.push(...added.map(({ id }) => id)),
      } as unknown as DeadLetterStore,
      requests,
      hasLiveReaders: () => false,
    });
    return pipeline;
  };
  const pipeline = startPipeline();
  const send = (entries: Iterable<string>, request: Partial<IngestRequest> = {}) =>
    pipeline.accept({ agent: 'm', peer: 'here', digest: 'x', source: 'api', entries, ...request });
  return { store, letters, send };
}

const many = Array.from({ length: 20_001 }, (_, n) => `{"message":"m","n":${n}}`);

t.test('a request of several slices whose last answer was lost is stored once', async (t) => {
  const { store, send } = createScene({ lostAnswer: 2 });
  await t.rejects(send(many), { message: 'the answer was lost' });
  t.same(await send(many), { accepted: 20_001, rejected: 0, duplicate: true });
  t.equal(store.rows, 20_001);
});

t.test('a request of several slices goes on behind the one whose answer was lost', async (t) => {
  const { store, send } = createScene({ lostAnswer: 1 });
  await t.rejects(send(many), { message: 'the answer was lost' });
  t.same(await send(many), { accepted: 20_001, rejected: 0, duplicate: false });
  t.equal(store.rows, 20_001);
});

t.test('what the store said of a request is asked of it once', async (t) => {
  const { store, send } = createScene({ lostAnswer: 1 });
  const entries = ['{"message":"m"}'];
  await t.rejects(send(entries), { message: 'the answer was lost' });
  const receipt = { accepted: 1, rejected: 0, duplicate: true };
  t.same(await send(entries), receipt);
  t.same(await send(entries), receipt);
  t.same(store, { rows: 1, searches: 1 });
});

t.test('a request without records is released when it is answered', async (t) => {
  const calls: string[] = [];
  const shared = {
    claim: async () => void calls.push('claim'),
    release: async () => void calls.push('release'),
  };
  const { send } = createScene({ shared });
  t.same(await send([]), { accepted: 0, rejected: 0, duplicate: false });
  t.same(calls, ['claim', 'release']);
});

t.test(
  'one whose records are all rejected is known while it is remembered, and keeps its dead letters',
  async (t) => {
    const { letters, send } = createScene();
    t.same(await send(['no JSON']), { accepted: 0, rejected: 1, duplicate: false });
    t.same(await send(['no JSON']), { accepted: 0, rejected: 1, duplicate: true });
    t.same(letters, ['x-1']);
  },
);

t.test('equal bytes without a time are the same request only where the sender says who it is', async (t) => {
  const anonymous = { agent: undefined };
  const bodies: [string, readonly string[], Partial<IngestRequest>, stored: number][] = [
    ['no time, no name', ['{"message":"started"}'], anonymous, 2],
    ['a machine in the record is no name', ['{"message":"started","machine_id":"m"}'], anonymous, 2],
    ['a raw line without a time', ['{"log":"started"}'], anonymous, 2],
    ['a raw line with half a time', ['{"log":"09:30:00 started"}'], anonymous, 2],
    ['a time that is none', ['{"message":"started","timestamp":"soon"}'], anonymous, 2],
    ['X-Machine-Id', ['{"message":"started"}'], {}, 1],
    ['Idempotency-Key', ['{"message":"started"}'], { ...anonymous, idempotencyKey: 'k' }, 1],
    ['a time', ['{"message":"started","ts":1900000000}'], anonymous, 1],
    ['a raw line with a time', ['{"log":"2030-03-17 17:46:40 started"}'], anonymous, 1],
    [
      'a time in the last record alone',
      [...many.slice(0, 300), '{"message":"m","time":1900000000}'],
      anonymous,
      1,
    ],
    ['a time behind what is no record', ['no JSON', '[]', '{"message":"m","time":1900000000}'], anonymous, 1],
  ];
  for (const [name, entries, request, times] of bodies) {
    const { store, send } = createScene();
    const records = entries.filter((entry) => entry.startsWith('{')).length;
    t.match(await send(entries, request), { accepted: records, duplicate: false }, name);
    t.match(await send(entries, request), { accepted: records, duplicate: times === 1 }, name);
    t.equal(store.rows, times * records, name);
  }
});

t.test('dead letters of bodies without a time are the same ones', async (t) => {
  const { letters, send } = createScene();
  for (let n = 0; n < 2; n++) await send(['{"message":"started"}', 'no JSON'], { agent: undefined });
  t.same(letters, ['x-2', 'x-2']);
});

t.test('the same key and bytes of the same agent are the same request', async (t) => {
  const { store, send } = createScene();
  const keyed = { idempotencyKey: 'k' };
  const one = ['{"message":"one"}'];
  await send(one, keyed);
  t.same(await send(one, keyed), { accepted: 1, rejected: 0, duplicate: true });
  const others = ['{"message":"another"}', '{"message":"and one more"}'];
  t.match(
    await send(others, { ...keyed, digest: 'y' }),
    { accepted: 2, duplicate: false },
    'a key costs no other bytes',
  );
  t.equal(store.rows, 3);
  t.match(await send(one, { ...keyed, agent: 'other' }), { accepted: 1, duplicate: false });
  t.match(await send(one, { idempotencyKey: 'l' }), { accepted: 1, duplicate: false });
  t.match(await send(one, { digest: 'k' }), { accepted: 1, duplicate: false }, 'a key is no digest');
});

t.test('attempts of one request follow each other in order, and none holds up another request', async (t) => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let first = true;
  const { store, send } = createScene({
    insert: () => {
      if (!first) return Promise.resolve();
      first = false;
      return opened;
    },
  });
  const entries = ['{"message":"m"}'];
  const ended: number[] = [];
  const attempts = Array.from({ length: 5_000 }, async (_, n) => {
    const receipt = await send(entries);
    ended.push(n);
    return receipt;
  });
  t.match(await send(entries, { digest: 'y' }), { duplicate: false }, 'another request does not wait');
  t.same(ended, []);
  open();
  const receipts = await Promise.all(attempts);
  t.equal(receipts.filter(({ duplicate }) => !duplicate).length, 1);
  t.same(ended, [...ended.keys()]);
  t.equal(store.rows, 2);
});

t.test('an attempt that fails leaves the request to the next one', async (t) => {
  const { store, send } = createScene({ lostAnswer: 1 });
  const entries = ['{"message":"m"}'];
  const [lost, next] = await Promise.allSettled([send(entries), send(entries)]);
  t.match(lost, { status: 'rejected' });
  t.match(next, { value: { accepted: 1, duplicate: true } });
  t.equal(store.rows, 1);
});

t.test('an agent has a bounded name', async (t) => {
  const { store, send } = createScene();
  const entries = [`{"message":"m","time":1900000000,"machine_id":"${'x'.repeat(1_000_000)}"}`];
  await send(entries, { agent: undefined });
  t.match(await send(entries, { agent: undefined }), { duplicate: true });
  t.equal(store.rows, 1);
});
