import t from 'tap';
import type { StoredRecord } from '../../../../pipeline/record/log-record.ts';
import type { BusMessage } from '../../../../pipeline/store/live/bus-message.ts';
import { SharedWatermark } from '../../../../pipeline/store/live/shared-watermark.ts';
import { plainRecord } from '../../../plain-record.ts';

const SILENT = 5_000;
const record = (seq: number): StoredRecord => ({ ...plainRecord({ message: `n${seq}` }), seq });

/** The messages of one process. */
function speaker(process: string) {
  let number = 0;
  const say = (message: Partial<BusMessage>): BusMessage => ({
    process,
    number: ++number,
    kind: 'progress',
    committed: 0,
    readers: true,
    stored: 0,
    records: [],
    ...message,
  });
  return {
    hello: () => say({ kind: 'hello' }),
    bye: () => say({ kind: 'bye' }),
    progress: (committed: number, ...seqs: number[]) =>
      say({ committed, stored: seqs.length, records: seqs.map(record) }),
    unseen: (committed: number, stored: number) => say({ committed, stored, records: undefined }),
    /** A message that never arrives. */
    loses: () => void say({}),
  };
}

function scene() {
  const watermark = new SharedWatermark(SILENT);
  const a = speaker('a');
  const b = speaker('b');
  let now = 0;
  const hear = (message: BusMessage) => watermark.receive(message, now);
  const released = () => {
    const out = watermark.release();
    return out && [out.watermark, out.records?.map(({ seq }) => seq)];
  };
  for (const { hello, progress } of [a, b]) {
    hear(hello());
    hear(progress(100));
  }
  released();
  return {
    watermark,
    a,
    b,
    hear,
    released,
    pass: (milliseconds: number) => {
      now += milliseconds;
      return watermark.dropSilent(now);
    },
  };
}

t.test(
  'records go out in the order of their sequence numbers, up to what every process has sent',
  async (t) => {
    const { a, b, hear, released } = scene();
    hear(a.progress(210, 200, 210));
    t.equal(released(), undefined, 'b may still store something before them');
    hear(b.progress(205, 190, 205));
    t.same(released(), [205, [190, 200, 205]]);
    hear(b.progress(300));
    t.same(released(), [210, [210]]);
  },
);

t.test('a process that joins holds the others until it says where it begins', async (t) => {
  const { a, b, hear, released } = scene();
  const c = speaker('c');
  hear(c.hello());
  hear(a.progress(200, 200));
  hear(b.progress(200));
  t.equal(released(), undefined);
  hear(c.progress(200));
  t.same(released(), [200, [200]]);
});

t.test('one that leaves, or is silent, holds nobody', async (t) => {
  const { a, b, hear, released, pass } = scene();
  hear(a.progress(200, 200));
  hear(b.bye());
  t.same(released(), [200, [200]]);
  const other = scene();
  other.pass(SILENT - 1);
  other.hear(other.a.progress(200, 200));
  t.same(other.pass(1), ['b']);
  t.same(
    other.released(),
    [200, undefined],
    'what it stored last and could not send is looked for in the store',
  );
  t.same(pass(0), []);
});

t.test('what was stored without being sent along is read from the store', async (t) => {
  const { a, b, hear, released } = scene();
  hear(a.unseen(200, 5));
  hear(b.progress(250, 240));
  t.same(released(), [200, undefined]);
  hear(a.progress(250));
  t.same(released(), [250, [240]], 'and only there');
});

t.test('a message that got lost is noticed by its number', async (t) => {
  const { a, b, hear, released } = scene();
  a.loses();
  hear(a.progress(200, 190));
  hear(b.progress(200));
  t.same(released(), [200, undefined]);
  a.loses();
  hear(a.progress(300));
  hear(b.progress(300));
  t.same(released(), [300, undefined], 'also where the next message has no records');
});

t.test('a process that was taken for dead and comes back late is reported as a gap', async (t) => {
  const { a, b, hear, released, pass } = scene();
  pass(SILENT - 1);
  hear(a.progress(500, 400));
  pass(1);
  released();
  t.same(hear(b.progress(450, 440, 450)), { from: 100, to: 500, count: 2 });
});
