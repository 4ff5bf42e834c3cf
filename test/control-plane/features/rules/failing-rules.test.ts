import t from 'tap';
import { LogMetrics } from '../../../../control-plane/features/rules/log-metrics.ts';
import { createRedaction } from '../../../../control-plane/features/rules/redaction.ts';
import { parseRules } from '../../../../control-plane/features/rules/rules-file.ts';
import { createSampler } from '../../../../control-plane/features/rules/sampler.ts';
import { plainRecord } from '../../../plain-record.ts';

/** Longer than the regexes below may look at. */
const LONG = 'ab'.repeat(2_000_000);
const RULES = parseRules(`
sampling:
  - { query: 'message:/[ab]*a[ab]{200}c/', keep_one_in: 2 }
  - { query: 'service:x', keep_one_in: 4 }
metrics:
  - { name: slow, query: 'message:/[ab]*a[ab]{200}c/' }
  - { name: all, query: 'service:x' }
redaction:
  rules:
    - { name: slow, pattern: 'key-[ab]*a[ab]{200}c' }
    - { name: ticket, pattern: 'T-[0-9]+' }
`);
const problems: string[] = [];
const onProblem = (text: string) => problems.push(text);
const deep = (fields: object) =>
  plainRecord({ service: 'x', attributes: `{"deep":${'['.repeat(8_000)}1${']'.repeat(8_000)}}`, ...fields });

t.beforeEach(() => {
  problems.length = 0;
});

t.test('a sampling rule that fails does not select, and the next one decides', async (t) => {
  const sampler = createSampler(RULES.sampling, () => 0, onProblem);
  t.match(sampler.sample(plainRecord({ service: 'x', message: LONG })), {
    attributes: '{"logplane.sample_rate":4}',
  });
  t.ok(sampler.sample(deep({ message: 'short' })));
  t.same(
    sampler.guards.map(({ failures }) => failures),
    [1, 0],
  );
  t.match(sampler.guards[0]!.problem, /expected a text of at most/);
  t.match(problems, [/^sampling rule 1 failed on a record: the regex/]);
});

t.test('a metric rule that fails does not count, and the others do', async (t) => {
  const metrics = new LogMetrics(RULES.metrics, onProblem);
  const measuring = metrics.begin()!;
  measuring.add(plainRecord({ service: 'x', message: LONG }));
  measuring.add(deep({ message: 'short' }));
  measuring.commit();
  t.match(await metrics.registry.metrics(), /logs_all_total 2/);
  t.same(
    metrics.guards.map(({ failures }) => failures),
    [1, 0],
  );
  t.match(problems, [/^metric rule slow failed on a record/]);
});

t.test('a text that a redaction rule cannot look through is hidden whole', async (t) => {
  const redaction = createRedaction(RULES.redaction, onProblem);
  t.equal(redaction.text(`key-${LONG} T-1`), '[REDACTED]');
  t.equal(redaction.text('see T-1'), 'see [REDACTED]');
  t.same(
    redaction.guards.map(({ failures }) => failures),
    [1, 0],
  );
  t.match(problems, [/^redaction rule slow failed on a record/]);
});
