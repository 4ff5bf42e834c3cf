import t from 'tap';
import { createRedaction } from '../../control-plane/rules/redaction.ts';
import { NO_RULES } from '../../control-plane/rules/rules-file.ts';
import type { BatchQueue, Part } from '../../pipeline/batch-queue.ts';
import { createCounters } from '../../pipeline/counters.ts';
import { DoubtfulRequests } from '../../pipeline/doubtful-requests.ts';
import { overloaded } from '../../pipeline/errors.ts';
import { Pipeline } from '../../pipeline/pipeline.ts';
import { decodeRequest, RequestWindow, type SharedRequests } from '../../pipeline/request-window.ts';
import type { DeadLetterStore } from '../../pipeline/store/dead-letter-store.ts';
import { createCategorizer } from '../../pipeline/transforms/categorize.ts';
import { KnownShapes } from '../../pipeline/transforms/known-shapes.ts';
import { createNormalizer } from '../../pipeline/transforms/normalize.ts';

/**
 * A pipeline before a store that keeps the numbers and the marks of what it is given.
 * @param lostAnswer which insert is done and fails all the same
 */
function createScene(sharedRequests: (marks: readonly string[]) => SharedRequests, lostAnswer?: number) {
  const rules = {
    redact: createRedaction(NO_RULES.redaction),
    categorize: createCategorizer(),
    defaultTimezone: 'UTC',
  };
  const marks: string[] = [];
  const store = { rows: 0 };
  const queue = {
    async add({ rows, request }: Part) {
      store.rows += rows.count;
      marks.push(request);
      if (marks.length === lostAnswer) throw overloaded('the answer was lost');
    },
  };
  const pipeline = new Pipeline({
    redact: rules.redact,
    sample: (record) => record,
    measure: () => undefined,
    normalize: createNormalizer(rules),
    shapes: new KnownShapes(rules),
    queue: queue as unknown as BatchQueue,
    deadLetters: {} as DeadLetterStore,
    window: new RequestWindow(),
    sharedRequests: sharedRequests(marks),
    counters: createCounters(),
    hasLiveReaders: () => false,
  });
  const send = (entries: Iterable<string>) =>
    pipeline.accept({ agent: 'm', peer: 'here', digest: 'x', source: 'api', entries });
  return { store, send };
}

t.test('a request of several slices whose last answer was lost is stored once', async (t) => {
  const { store, send } = createScene(
    (marks) => new DoubtfulRequests(async () => marks.map(decodeRequest).at(-1)),
    2,
  );
  const entries = Array.from({ length: 20_001 }, (_, n) => `{"message":"m","n":${n}}`);
  await t.rejects(send(entries), { message: 'the answer was lost' });
  t.same(await send(entries), { accepted: 20_001, rejected: 0, duplicate: true });
  t.equal(store.rows, 20_001);
});

t.test('what the store told of a request is remembered: that answer may be lost too', async (t) => {
  const { store, send } = createScene(
    (marks) => new DoubtfulRequests(async () => marks.map(decodeRequest).at(-1)),
    1,
  );
  const entries = ['{"message":"m"}'];
  await t.rejects(send(entries), { message: 'the answer was lost' });
  const receipt = { accepted: 1, rejected: 0, duplicate: true };
  t.same(await send(entries), receipt);
  t.same(await send(entries), receipt);
  t.equal(store.rows, 1);
});

t.test("a request without records is nobody's any more when it is answered", async (t) => {
  const calls: string[] = [];
  const { send } = createScene(() => ({
    claim: async () => void calls.push('claim'),
    record: async ({ entries }) => void calls.push(`record ${entries}`),
    giveUp: async () => void calls.push('give up'),
  }));
  t.same(await send([]), { accepted: 0, rejected: 0, duplicate: false });
  t.same(calls, ['claim', 'record 0']);
});
