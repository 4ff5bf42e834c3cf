import t from 'tap';
import { NO_RULES, parseRules } from '../../../../control-plane/features/rules/rules-file.ts';

t.test('an empty file has no rules, and redacts', async (t) => {
  t.same(parseRules(''), NO_RULES);
  t.not(NO_RULES.redaction, false);
  t.equal(parseRules('redaction: false').redaction, false);
});

t.test('every problem is reported with its path', async (t) => {
  const text = `
redaction:
  forms: { emails: true }
  rules:
    - { name: Bad Name, pattern: '(' }
    - { name: ok, patern: x }
sampling:
  - { query: 'level:', keep_one_in: 1 }
metrics:
  - { name: a, query: x, by: [a, b, c, d, e, f] }
  - { name: b, query: x, buckets: [1] }
retention:
  - { days: 3 }
  - { service: "x' OR 1", days: 3 }
  - { level: [debug, nope], days: 0 }
other: 1
`;
  let message = '';
  try {
    parseRules(text);
  } catch (error) {
    message = (error as Error).message;
  }
  const lines = message.split('\n');
  for (const expected of [
    /^redaction forms: must be some of private_key, .*, got emails$/,
    /^redaction rules 1 name: must be lower-case letters/,
    /^redaction rules 1 pattern: expected a regex in RE2 syntax/,
    /^redaction rules 2.*patern/,
    /^sampling 1 query: .*column/,
    /^sampling 1 keep_one_in: must be at least 2/,
    /^metrics 1 by: must be at most 5 fields/,
    /^metrics 2: needs the field that its buckets measure/,
    /^retention 1: needs a service, a level or both/,
    /^retention 2 service 1: must be the name of a service/,
    /^retention 3 level 2: must be one of debug, info, warn, error, fatal/,
    /^retention 3 days: must be at least an hour/,
    /other/,
  ])
    t.ok(
      lines.some((line) => expected.test(line)),
      `${expected} in\n${message}`,
    );
});

t.test('buckets rise, whatever their order in the file', async (t) => {
  const { metrics } = parseRules(
    "metrics: [{ name: duration_ms, query: 'type:response', field: duration_ms, buckets: [1000, 5.5, 100, 1000] }]",
  );
  t.same(metrics[0]!.buckets, [5.5, 100, 1000]);
});

t.test('a file that is not YAML is reported as such', async (t) => {
  t.throws(() => parseRules('a: ['), /is not valid YAML/);
});
