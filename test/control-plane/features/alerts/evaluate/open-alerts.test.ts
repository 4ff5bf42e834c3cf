import t from 'tap';
import { OpenAlerts } from '../../../../../control-plane/features/alerts/evaluate/open-alerts.ts';
import type { RuleTransition } from '../../../../../control-plane/features/alerts/evaluate/rule-runs.ts';
import { compileRule } from '../../../../../control-plane/features/alerts/rules/compile-rule.ts';
import { parseRule } from '../../../../../control-plane/features/alerts/rules/rule.ts';
import type { ClickHouse } from '../../../../../pipeline/store/clickhouse.ts';

/** The engine as far as samples need it. */
const engine = { query: async () => [] } as unknown as ClickHouse;

function changesOf(name: string, count: number, at: number): RuleTransition[] {
  const webhooks = [{ url: 'https://example.com/hook' }];
  const rule = parseRule({ name, kind: 'new_pattern', query: 'level:error', webhooks });
  const compiled = compileRule(rule);
  const book = { rule, version: 1, origin: 'api' as const };
  return Array.from({ length: count }, (_, index) => ({
    book,
    compiled,
    transition: { group: JSON.stringify([`${name} ${index}`]), state: 'firing', at, since: at, value: 1 },
  }));
}

t.test('a flood of groups wakes nobody for each of them, and costs no other rule', async (t) => {
  const openAlerts = new OpenAlerts(engine, 0, []);
  const now = Date.now() / 1000;
  openAlerts.adopt([...changesOf('flood', 1, now), ...changesOf('other', 1, now)].map(({ book }) => book));
  const events = await openAlerts.apply(changesOf('flood', 1_000, now), []);
  const notified = events.filter(({ webhooks }) => webhooks.length > 0);
  t.equal(notified.length, 25);
  t.match(
    notified.at(-1)!.details.summary,
    /alert 25 of this rule in 10 minutes: further ones are suppressed/,
  );
  t.equal(events.length, 1_000, 'all of them are kept');
  t.ok(events.slice(25).every(({ details }) => details.suppressed_by === 'flood'));
  t.match(await openAlerts.apply(changesOf('other', 1, now), []), [
    { details: { suppressed_by: undefined } },
  ]);

  const later = Date.now() + 601_000;
  t.intercept(Date, 'now', { value: () => later });
  t.equal(
    openAlerts.release([], later / 1000).filter(({ webhooks }) => webhooks.length > 0).length,
    25,
    'those that still fire are notified in portions',
  );
});
