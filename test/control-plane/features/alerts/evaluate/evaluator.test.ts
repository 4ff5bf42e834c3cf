import t, { type Test } from 'tap';
import type { AlertEvent } from '../../../../../control-plane/features/alerts/evaluate/alert-event.ts';
import { AlertStore } from '../../../../../control-plane/features/alerts/evaluate/alert-store.ts';
import { Evaluator } from '../../../../../control-plane/features/alerts/evaluate/evaluator.ts';
import { SOLE_LEASE } from '../../../../../control-plane/features/alerts/evaluate/lease.ts';
import { PositionStore } from '../../../../../control-plane/features/alerts/evaluate/position-store.ts';
import type { Signals } from '../../../../../control-plane/features/alerts/evaluate/signals.ts';
import { AlertFeed } from '../../../../../control-plane/features/alerts/notify/alert-feed.ts';
import { parseRule } from '../../../../../control-plane/features/alerts/rules/rule.ts';
import { RuleBook } from '../../../../../control-plane/features/alerts/rules/rule-book.ts';
import { NO_RULE_FILE } from '../../../../../control-plane/features/alerts/rules/rule-file.ts';
import { RuleStore } from '../../../../../control-plane/features/alerts/rules/rule-store.ts';
import { SilenceStore } from '../../../../../control-plane/features/alerts/silences/silence-store.ts';
import { until } from '../../../../until.ts';
import { insertRecords, openStore, record } from '../../logs/analysed-store.ts';

const clickhouse = await openStore(t);

/** Servers that look at one store one after the other, with a rule of the name and others. */
async function openAlerts(t: Test, name: string, others: readonly object[] = []) {
  const positions = new PositionStore(clickhouse);
  let lastSeq = Date.now() * 1000;
  const alerts = new AlertStore(clickhouse);
  return {
    alerts,
    /** Starts one, which has looked once. */
    async start(
      alerts: AlertStore,
      onProblem: (message: string) => void = (message) => t.fail(message),
    ): Promise<Evaluator> {
      const builtIn = [{ name, kind: 'count', window: '1s', query: `service:${name}` }, ...others].map(
        parseRule,
      );
      const evaluator = new Evaluator({
        clickhouse,
        watermark: () => lastSeq,
        book: new RuleBook({ builtIn, file: NO_RULE_FILE, store: new RuleStore(clickhouse) }),
        alerts,
        silences: new SilenceStore(clickhouse),
        fixedSilences: [],
        positions,
        signals: {} as Signals,
        lease: SOLE_LEASE,
        feed: new AlertFeed(),
        onEvents: () => {},
        onProblem,
        pauseMilliseconds: 1,
      });
      evaluator.start();
      t.teardown(() => evaluator.stop());
      await until(
        async () => evaluator.ruleCount > 0 && (await positions.find('evaluated')),
        'the first look',
      );
      return evaluator;
    },
    /** The rule's events once there are so many, the newest first. */
    events(count: number): Promise<AlertEvent[]> {
      return until(async () => {
        const events = await alerts.history(10, name);
        return events.length >= count && events;
      }, 'the alert');
    },
    /** Somebody has looked at this time, in milliseconds since 1970, or later. */
    async looked(time: number): Promise<void> {
      const second = Math.floor(time / 1000);
      await until(async () => Number((await positions.find('evaluated'))?.note) >= second, 'a look');
    },
    /** Stores a record of a minute ago. @param minSeq the lowest sequence number that it may get */
    async store(minSeq = 0): Promise<void> {
      const seq = Math.max(lastSeq + 1, minSeq);
      const timestamp = { seconds: Math.floor(seq / 1e6) - 60, nanos: 0, digits: 3 };
      await insertRecords(clickhouse, [record({ seq, timestamp, service: name })]);
      lastSeq = seq;
    },
  };
}

class FullStore extends AlertStore {
  override async append(): Promise<void> {
    throw new Error('the disk is full');
  }
}

t.test('the next server notifies of what could not be stored when a server ended', async (t) => {
  const { alerts, start, store, events } = await openAlerts(t, 'unsaved');
  const problems: string[] = [];
  const first = await start(new FullStore(clickhouse), (problem) => problems.push(problem));
  await store();
  await until(() => problems.length > 0, 'a problem');
  await first.stop();
  t.match(problems, ['alerts are not evaluated: the disk is full', 'alerts: the disk is full']);
  await start(alerts);
  t.match(await events(2), [{ state: 'resolved' }, { state: 'firing' }]);
});

t.test('the cool-down of an alert that has ended goes on after a restart', async (t) => {
  const { alerts, start, store, events } = await openAlerts(t, 'cool');
  const first = await start(alerts);
  await store();
  t.match(await events(2), [
    { state: 'resolved' },
    { state: 'firing', details: { suppressed_by: undefined } },
  ]);
  await first.stop();
  await start(alerts);
  await store();
  t.match((await events(3)).find(({ state }) => state === 'firing')?.details, { suppressed_by: 'cooldown' });
});

t.test('nobody is silent because the store did not answer for a while', async (t) => {
  const silent = { name: 'silent', kind: 'absence', query: 'service:heard', window: '15m', by: ['service'] };
  const { alerts, start, store, events, looked } = await openAlerts(t, 'heard', [silent]);
  await store();
  await start(alerts);
  await events(2);
  const later = Date.now() + 20 * 60_000;
  const clock = t.intercept(Date, 'now', { value: () => later });
  await looked(later);
  await store(later * 1000);
  await events(4);
  clock.restore();
  t.same(await alerts.history(10, 'silent'), []);
});
