import t from 'tap';
import { MAX_PROCESSES, Sequencer } from '../../../../pipeline/store/live/sequencer.ts';

t.test('a sequence number is the time of arrival in microseconds', async (t) => {
  const sequencer = new Sequencer(0, () => 1_700_000_000_000);
  t.equal(sequencer.reserve(1), 1_700_000_000_000_000);
});

t.test('sequence numbers rise while the clock stands still or steps back', async (t) => {
  let now = 1_700_000_000_000;
  const sequencer = new Sequencer(0, () => now);
  const first = sequencer.reserve(10);
  t.equal(sequencer.reserve(5), first + 10);
  now -= 3_600_000;
  t.equal(sequencer.reserve(1), first + 15);
});

t.test('sequence numbers go on behind the last one of the store', async (t) => {
  const sequencer = new Sequencer(1_800_000_000_000_000, () => 1_700_000_000_000);
  t.equal(sequencer.reserve(1), 1_800_000_000_000_001);
});

t.test('a reservation never crosses midnight, so that its insert goes into one partition', async (t) => {
  const midnight = Date.UTC(2026, 0, 2);
  const sequencer = new Sequencer(0, () => midnight - 1);
  t.equal(sequencer.reserve(2_000), midnight * 1000);
  t.equal(sequencer.reserve(1), midnight * 1000 + 2_000);
});

t.test('processes that share a store take sequence numbers from blocks of their own', async (t) => {
  const now = () => 1_700_000_000_000;
  const taken = new Map<number, number>();
  for (let share = 0; share < MAX_PROCESSES; share++) {
    const sequencer = new Sequencer(0, now, share);
    for (const count of [1, 50_000, 90_000, 7, 131_072]) {
      const first = sequencer.reserve(count);
      t.ok(first >= now() * 1000);
      for (const block of [Math.floor(first / 131_072), Math.floor((first + count - 1) / 131_072)]) {
        t.equal(taken.get(block) ?? share, share, 'no block has two owners');
        taken.set(block, share);
      }
    }
  }
  const sequencer = new Sequencer(0, now, 3);
  const first = sequencer.reserve(1);
  t.equal(sequencer.reserve(1), first + 1);
  sequencer.advance(first + 1_000);
  t.ok(sequencer.reserve(1) > first + 1_000, 'and none at or below a number that was excluded');
});
