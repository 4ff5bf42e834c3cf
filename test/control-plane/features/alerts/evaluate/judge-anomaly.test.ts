import t from 'tap';
import {
  type AnomalyOptions,
  judgeAnomaly,
} from '../../../../../control-plane/features/alerts/evaluate/judge-anomaly.ts';

const SLOT = 600;
const DAY = 86_400 / SLOT;
const counts: AnomalyOptions = { slotSeconds: SLOT, missing: 0, counts: true };

/** Slots of a fleet that is busy from 8 to 18 h on weekdays, with a batch every night at two. */
function usual(slot: number): number {
  const hour = ((slot % DAY) * SLOT) / 3_600;
  const weekday = Math.floor(slot / DAY) % 7 < 5;
  if (hour >= 2 && hour < 3) return 900;
  const wave = (slot * 7919) % 21;
  return hour >= 8 && hour < 18 && weekday ? 500 + wave : 100 + (wave >> 1);
}

function historyOf(days: number) {
  return {
    last: days * DAY,
    history: { first: 0, get: (slot: number) => (slot >= 0 && slot < days * DAY ? usual(slot) : undefined) },
  };
}

const at = (day: number, hour: number) => day * DAY + (hour * 3_600) / SLOT;

t.test('what is usual at this hour or on this day of the week is none', async (t) => {
  const { history } = historyOf(21);
  for (const [name, slot] of [
    ['the nightly batch', at(20, 2)],
    ['Monday morning', at(14, 8)],
    ['Saturday at noon', at(19, 12)],
  ] as const) {
    const past = { ...history, get: (other: number) => (other < slot ? history.get(other) : undefined) };
    t.ok(Math.abs(judgeAnomaly(past, slot, usual(slot), counts)!.score) < 3, name);
  }
});

t.test('a spike, a silence and a batch that does not run are, with the numbers that say so', async (t) => {
  const { history, last } = historyOf(21);
  const noon = last + at(0, 12);
  const past = { ...history, get: (slot: number) => (slot < last ? history.get(slot) : usual(slot)) };
  const spike = judgeAnomaly(past, noon, 5_000, counts)!;
  t.ok(spike.score > 8);
  t.ok(spike.expected > 450 && spike.expected < 550);
  t.ok(judgeAnomaly(past, noon, 0, counts)!.score < -8);
  t.equal(
    judgeAnomaly(past, last + at(0, 2), 100, counts)!.season,
    'recent',
    'the hours before were as quiet',
  );
});

t.test('few records scatter by chance, and without history nothing is said', async (t) => {
  const rare = { first: 0, get: () => 0 };
  t.ok(judgeAnomaly(rare, 5 * DAY, 3, counts)!.score < 6);
  t.equal(judgeAnomaly({ first: 100, get: () => 50 }, 105, 500, counts), undefined);
  const missing = { ...counts, missing: undefined, counts: false };
  t.equal(judgeAnomaly({ first: 0, get: () => undefined }, 5 * DAY, 1, missing), undefined);
});
