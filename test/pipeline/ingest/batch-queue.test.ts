import t from 'tap';
import { BatchQueue, type Rows } from '../../../pipeline/ingest/batch-queue.ts';
import { createCounters } from '../../../pipeline/ingest/counters.ts';
import type { LogRecord, StoredRecord } from '../../../pipeline/record/log-record.ts';
import { Sequencer } from '../../../pipeline/store/live/sequencer.ts';
import { plainRecord } from '../../plain-record.ts';

/** Rows as lines of text: sequence number, message and request. */
class TextRows implements Rows {
  readonly #rows: { message: string; request: string }[];

  constructor(messages: readonly string[]) {
    this.#rows = messages.map((message) => ({ message, request: '' }));
  }

  get count(): number {
    return this.#rows.length;
  }

  setRequest(request: string): void {
    this.#rows.at(-1)!.request = request;
  }

  append(other: TextRows): void {
    this.#rows.push(...other.#rows);
  }

  finish(seq: number): Uint8Array[] {
    return this.#rows.map(({ message, request }, index) =>
      Buffer.from(`${JSON.stringify([seq + index, message, request])}\n`),
    );
  }
}

/** A store whose inserts the test ends one by one. */
function createScene(
  options: { concurrency?: number; minParallelRows?: number; maxBatchRows?: number } = {},
) {
  const inserts: { rows: string[]; finish: () => Promise<void>; fail: () => Promise<void> }[] = [];
  const published: (readonly [last: number, messages: readonly string[] | undefined])[] = [];
  const counters = createCounters();
  const nextRound = () => new Promise<void>((resolve) => setImmediate(resolve));
  const queue = new BatchQueue({
    sequencer: new Sequencer(0, () => 1_700_000_000_000),
    write: ({ pieces }) =>
      new Promise((resolve, reject) => {
        inserts.push({
          rows: Buffer.concat(pieces).toString().trimEnd().split('\n'),
          finish: () => {
            resolve();
            return nextRound();
          },
          fail: () => {
            reject(new Error('disk full'));
            return nextRound();
          },
        });
      }),
    publish: (last, records) => published.push([last, records?.map(({ message }) => message)]),
    counters,
    ...options,
  });
  const add = (messages: readonly string[], withRecords = true) => {
    const records: LogRecord[] = messages.map((message) => plainRecord({ message }));
    const rows = new TextRows(messages);
    return queue.add({ rows, request: `request ${messages[0]}`, records: withRecords ? records : undefined });
  };
  return { queue, add, inserts, published, counters };
}

const FIRST = 1_700_000_000_000_000;

t.test('a lone request is written at once', async (t) => {
  const { add, inserts, published, counters } = createScene();
  const done = add(['a', 'b']);
  t.equal(inserts.length, 1);
  t.equal(inserts[0]!.rows.length, 2);
  await inserts[0]!.finish();
  await done;
  t.same(published, [[FIRST + 1, ['a', 'b']]]);
  t.match(counters, { recordsStored: 2, inserts: 1, insertsFailed: 0 });
});

t.test('requests that come while inserts run are written together', async (t) => {
  const { add, inserts } = createScene({ concurrency: 1 });
  const all = [add(['a']), add(['b']), add(['c'])];
  t.equal(inserts.length, 1);
  await inserts[0]!.finish();
  t.equal(inserts.length, 2);
  t.match(inserts[1]!.rows, [/"b"/, /"c"/]);
  await inserts[1]!.finish();
  await Promise.all(all);
});

t.test('a second insert starts beside the first only when enough waits', async (t) => {
  const { add, inserts } = createScene({ concurrency: 2, minParallelRows: 3 });
  const all = [add(['a']), add(['b', 'c'])];
  t.equal(inserts.length, 1);
  all.push(add(['d']));
  t.equal(inserts.length, 2);
  t.equal(inserts[1]!.rows.length, 3);
  all.push(add(['e', 'f', 'g']));
  t.equal(inserts.length, 2, 'never more than two');
  for (let index = 0; index < 3; index++) await inserts[index]!.finish();
  await Promise.all(all);
});

t.test('an insert takes no more rows than it should, but a whole request always', async (t) => {
  const { add, inserts } = createScene({ concurrency: 1, maxBatchRows: 3 });
  const all = [add(['a']), add(['b', 'c']), add(['d', 'e']), add(['1', '2', '3', '4'])];
  for (let index = 0; index < 4; index++) await inserts[index]?.finish();
  t.same(
    inserts.map(({ rows }) => rows.length),
    [1, 2, 2, 4],
  );
  await Promise.all(all);
});

t.test('sequence numbers follow each other and the last row of a request carries its key', async (t) => {
  const { add, inserts } = createScene({ concurrency: 1 });
  void add(['x']);
  void add(['a', 'b']);
  void add(['c']);
  await inserts[0]!.finish();
  const rows = inserts[1]!.rows.map((row) => JSON.parse(row) as unknown[]);
  t.same(
    rows.map((row) => [row[0], row.at(-1)]),
    [
      [FIRST + 1, ''],
      [FIRST + 2, 'request a'],
      [FIRST + 3, 'request c'],
    ],
  );
});

t.test('records are published in the order of sequence numbers, whichever insert ends first', async (t) => {
  const { add, inserts, published } = createScene({ concurrency: 2, minParallelRows: 1 });
  const first = add(['first']);
  const second = add(['second']);
  await inserts[1]!.finish();
  await second;
  t.same(published, [], 'the second is acknowledged but waits for the first');
  await inserts[0]!.finish();
  await first;
  t.same(published, [
    [FIRST, ['first']],
    [FIRST + 1, ['second']],
  ]);
});

t.test('after a failed insert every sender has to send again, and readers look into the store', async (t) => {
  const { add, inserts, published, counters } = createScene({ concurrency: 1 });
  void add(['x']);
  const lost = [add(['a']), add(['b'])];
  const outcomes = Promise.allSettled(lost);
  await inserts[0]!.finish();
  await inserts[1]!.fail();
  for (const outcome of await outcomes) {
    t.match(outcome, { status: 'rejected', reason: { kind: 'unavailable', retryAfterSeconds: 1 } });
  }
  t.same(published, [
    [FIRST, ['x']],
    [FIRST + 2, undefined],
  ]);
  t.match(counters, { recordsStored: 1, insertsFailed: 1 });
  const again = add(['c']);
  await inserts[2]!.finish();
  await again;
  t.same(published.at(-1), [FIRST + 3, ['c']], 'the queue goes on');
});

t.test('an insert with a part without records publishes its sequence number alone', async (t) => {
  const { add, inserts, published } = createScene({ concurrency: 1 });
  void add(['x']);
  const both = [add(['a']), add(['b'], false)];
  await inserts[0]!.finish();
  await inserts[1]!.finish();
  await Promise.all(both);
  t.same(published.at(-1), [FIRST + 2, undefined]);
});

t.test('draining waits for everything that was added', async (t) => {
  const { queue, add, inserts } = createScene({ concurrency: 1 });
  const stored: StoredRecord[] | string[] = [];
  void add(['a']).then(() => stored.push('a' as never));
  void add(['b']).then(() => stored.push('b' as never));
  const drained = queue.drain();
  await inserts[0]!.finish();
  await inserts[1]!.finish();
  await drained;
  t.same(stored, ['a', 'b']);
  await queue.drain();
});
