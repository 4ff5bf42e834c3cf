import t from 'tap';
import type { Transition } from '../../../../../control-plane/features/alerts/evaluate/group-state.ts';
import { readPartialAggregates } from '../../../../../control-plane/features/alerts/evaluate/read-partial-aggregates.ts';
import type { KnownState } from '../../../../../control-plane/features/alerts/evaluate/rule-run.ts';
import { startRun } from '../../../../../control-plane/features/alerts/evaluate/start-run.ts';
import { compileRule } from '../../../../../control-plane/features/alerts/rules/compile-rule.ts';
import { parseRule } from '../../../../../control-plane/features/alerts/rules/rule.ts';
import { insertRecords, openStore, record } from '../../logs/analysed-store.ts';

const clickhouse = await openStore(t);
const START = Date.UTC(2026, 10, 2) / 1000;
let lastSeq = START * 1e6;

/** Stores records at seconds since the start; each arrives at once. */
async function store(service: string, seconds: readonly number[], arrives = 0): Promise<void> {
  await insertRecords(
    clickhouse,
    seconds.map((second) => {
      lastSeq = Math.max(lastSeq + 1, (START + Math.max(second, arrives)) * 1e6);
      return record({
        timestamp: { seconds: START + second, nanos: 0, digits: 3 },
        service,
        machine_id: 'm1',
        seq: lastSeq,
      });
    }),
  );
}

interface Restart {
  /** Up to where a server had looked before it ended, in seconds since the start as all else here. */
  readonly looked: number;
  /** When it starts again. */
  readonly starts: number;
  readonly known?: KnownState;
  /** When it looks then. */
  readonly looks: readonly number[];
}

/** The transitions of a rule after a restart, as `state second value`. */
async function transitionsAfter(rule: object, { looked, starts, known, looks }: Restart): Promise<string[]> {
  const compiled = compileRule(parseRule({ name: 'rule', ...rule }));
  const after = (START + looked) * 1e6;
  const before = known ? [{ ...known, since: START + known.since }] : [];
  const run = await startRun(clickhouse, compiled, START + starts, after, before, START + looked);
  const transitions: Transition[] = [];
  let read = after;
  for (const look of looks) {
    const upTo = (START + look) * 1e6;
    run.add(await readPartialAggregates(clickhouse, compiled, { by: 'sequence', after: read, upTo }, 1));
    read = upTo;
    transitions.push(...run.advance(START + look));
  }
  return transitions.map(({ state, at, value }) => `${state} ${at - START} ${value}`);
}

t.test('an alert of a rule without groups that something is missing ends when it comes again', async (t) => {
  await store('quiet', [0, 1_060]);
  const rule = { kind: 'absence', query: 'service:quiet', window: '5m' };
  const known = { group: '[]', state: 'firing', since: 300 } as const;
  t.same(
    await transitionsAfter(rule, { looked: 1_000, starts: 1_000, known, looks: [1_001, 1_059, 1_060] }),
    ['resolved 1060 0'],
  );
});

t.test('what was missing when a server ended is still missing when it starts', async (t) => {
  await store('gone', [2_000]);
  const rule = { kind: 'absence', query: 'service:gone', window: '5m', by: ['machine_id'] };
  const known = { group: '["m1"]', state: 'firing', since: 2_300 } as const;
  t.same(await transitionsAfter(rule, { looked: 2_350, starts: 2_360, known, looks: [2_361, 2_800] }), []);
});

t.test('what there was too little of is counted once after a restart', async (t) => {
  await store('slow', [3_000, 3_060, 3_120, 3_180]);
  const rule = { kind: 'count', query: 'service:slow', window: '5m', op: '<', threshold: 5, by: ['service'] };
  const known = { group: '["slow"]', state: 'firing', since: 2_990 } as const;
  t.same(await transitionsAfter(rule, { looked: 3_190, starts: 3_200, known, looks: [3_201, 3_290] }), []);
});

t.test('records that were too few long before a rule starts cause no alert', async (t) => {
  await store('low', [8_400, 8_500, 9_000, 9_700, 9_710, 9_720, 9_730, 9_740, 9_750, 9_900, 10_000]);
  const rule = { kind: 'count', query: 'service:low', window: '5m', op: '<', threshold: 5, by: ['service'] };
  t.same(await transitionsAfter(rule, { looked: 10_100, starts: 10_100, looks: [10_101, 10_200] }), [
    'firing 10101 2',
  ]);
});

t.test('a window that was half full when a server ended goes on with lines that waited', async (t) => {
  await store('full', [14_000, 14_001, 14_002]);
  await store('full', [14_010, 14_011, 14_012], 14_305);
  const rule = { kind: 'count', query: 'service:full', window: '1m', threshold: 5 };
  t.same(await transitionsAfter(rule, { looked: 14_005, starts: 14_300, looks: [14_301, 14_306] }), [
    'firing 14012 6',
    'resolved 14306 0',
  ]);
});

t.test('what held for less than it has to while the server was away fires nothing', async (t) => {
  await store('brief', [15_000, 15_001, 15_002]);
  const rule = { kind: 'count', query: 'service:brief', window: '1m', threshold: 2, for: '5m' };
  const known = { group: '[]', state: 'pending', since: 15_002 } as const;
  t.same(await transitionsAfter(rule, { looked: 15_005, starts: 16_000, known, looks: [16_001] }), [
    'cleared 15060 1',
  ]);
});

t.test(
  'a slot that ended while the server was away is judged, and none that was judged before is again',
  async (t) => {
    const slots = (first: number, count: number) =>
      Array.from({ length: count * 60 }, (_, index) => first + Math.floor(index / 60) * 600 + (index % 60));
    const rule = { kind: 'anomaly', window: '10m', direction: 'down' };
    await store('steady', [...slots(30_000, 30), 48_100, 48_200]);
    t.same(
      await transitionsAfter(
        { ...rule, query: 'service:steady' },
        { looked: 48_500, starts: 48_900, looks: [48_901, 48_930] },
      ),
      ['firing 48600 2'],
    );
    await store('ended', slots(60_000, 30));
    t.same(
      await transitionsAfter(
        { ...rule, query: 'service:ended' },
        { looked: 90_000, starts: 90_010, looks: [90_011, 90_040] },
      ),
      [],
    );
  },
);

t.test('nobody is silent because the server was away, until there was time to be heard', async (t) => {
  await store('kept', [100_200]);
  const rule = { kind: 'absence', query: 'service:kept', window: '5m', by: ['machine_id'] };
  const looks = (starts: number) => [1, 200, 299, 300].map((second) => starts + second);
  for (const starts of [100_600, 104_400, 110_400]) {
    t.same(
      await transitionsAfter(rule, { looked: 100_210, starts, looks: looks(starts) }),
      [`firing ${starts + 300} ${starts + 300 - 100_200}`],
      `away for ${starts - 100_210} s`,
    );
  }
  t.same(
    await transitionsAfter(rule, { looked: 100_210, starts: 100_220, looks: looks(100_220) }),
    ['firing 100500 300'],
    'a restart',
  );
  await store('late', [120_000, 123_650]);
  t.same(
    await transitionsAfter(
      { ...rule, query: 'service:late' },
      { looked: 120_010, starts: 123_610, looks: looks(123_610) },
    ),
    [],
    'it sends what it kept',
  );
});

t.test('a slot that ended while the server was away takes the lines that waited for it', async (t) => {
  const slots = (first: number, count: number) =>
    Array.from({ length: count * 60 }, (_, index) => first + Math.floor(index / 60) * 600 + (index % 60));
  const rule = { kind: 'anomaly', query: 'service:waits', window: '10m' };
  await store('waits', slots(120_000, 30));
  await store('waits', slots(138_000, 2), 139_215);
  t.same(
    await transitionsAfter(rule, { looked: 137_990, starts: 139_210, looks: [139_211, 139_220, 139_250] }),
    [],
  );
});
