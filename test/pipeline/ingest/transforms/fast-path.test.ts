import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createRandom } from '../../../../bench/fleet-workload.ts';
import { createRedaction } from '../../../../control-plane/features/rules/redaction.ts';
import { NO_RULES, parseRules } from '../../../../control-plane/features/rules/rules-file.ts';
import { parseEntry } from '../../../../pipeline/ingest/sources/json-body.ts';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import { FastPath } from '../../../../pipeline/ingest/transforms/fast-path.ts';
import { createNormalizer } from '../../../../pipeline/ingest/transforms/normalize.ts';
import type { Redactor } from '../../../../pipeline/ingest/transforms/redactor.ts';
import { NO_SECRETS, PLANTED_SECRETS } from '../../../planted-secrets.ts';
import { REAL_LOGS_FOLDER } from '../../../project-folder.ts';

const arrival = {
  time: { seconds: 1_795_182_300, nanos: 0, digits: 3 },
  source: 'api',
  machineId: 'the-sender',
};

/** Reads texts in both ways: the fast path must make the same record as the slow path. */
function reader(redact: Redactor = createRedaction(NO_RULES.redaction)) {
  const rules = { categorize: createCategorizer(), defaultTimezone: 'Europe/Luxembourg', redact };
  const fastPath = new FastPath(rules);
  const normalize = createNormalizer(rules);
  return {
    /** Whether the fast path read the text, and what is different then. */
    read(text: string): { fast: boolean; difference?: string } {
      const found = fastPath.read(text, arrival)?.record;
      const entry = parseEntry(text);
      if ('reason' in entry) {
        return found ? { fast: true, difference: `${text} is refused: ${entry.reason}` } : { fast: false };
      }
      const expected = normalize(redact.entry(entry), arrival);
      if (!found) return { fast: false };
      const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
      return a === b ? { fast: true } : { fast: true, difference: `${text}\n${a}\n${b}` };
    },
  };
}

/** Records of the usual kinds. */
const USUAL: Record<string, (i: number) => object> = {
  'a service of a fleet': (i) => ({
    timestamp: `2026-11-20T13:44:${String(i % 60).padStart(2, '0')}.12345${i % 10}Z`,
    level: i % 3 === 0 ? 'WARN' : 'info',
    message: `request req-${i} took ${i} ms`,
    service: 'client',
    machine_id: `node-${i % 4}`,
    duration_ms: i / 7,
    ok: i % 2 === 0,
    detail: null,
  }),
  'a line of a file': (i) => ({
    timestamp: '2026-11-20T13:44:00.000Z',
    log: `2026-11-20 14:43:${String(i % 60).padStart(2, '0')},123 ERROR job ${12345 + i} "failed" on gpu\t${i}`,
    file_path: `/scratch/slurm-${12345 + (i % 3)}.out`,
    machine_id: 'node-1',
    region: 'eu',
  }),
  'a service without a time': (i) => ({
    msg: `INFO done ${i}`,
    severity: 'error',
    trace_id: `${i}`.padStart(32, 'a'),
  }),
  'a program that writes time and name behind the text': (i) => ({
    msg: `été ${i} 日本 \u{1f600}`,
    container_name: 'web-1',
    time: '2026-11-20T13:44:00+02:00',
    'http.path': `/a/${i}`,
    app_name: 'x',
    process_id: i,
  }),
};

for (const [what, make] of Object.entries(USUAL)) {
  t.test(`${what}: the fast path reads it from the second record on`, async (t) => {
    const { read } = reader();
    t.equal(read(JSON.stringify(make(0))).fast, false);
    for (let i = 1; i < 50; i++) t.same(read(JSON.stringify(make(i))), { fast: true });
  });
}

t.test('records of many kinds one after the other', async (t) => {
  const { read } = reader();
  const kinds = Object.values(USUAL);
  let fast = 0;
  for (let i = 0; i < 400; i++) {
    const { fast: isFast, difference } = read(JSON.stringify(kinds[i % kinds.length]!(i)));
    if (difference) return t.fail(difference);
    if (isFast) fast++;
  }
  t.ok(fast > 380, `${fast} of 400`);
});

/** Names that a template may have, and a value that the fast path reads. */
const PLAIN: Record<string, unknown> = {
  ...{
    msg: 'm',
    body: 'b',
    timestamp: '2026-11-20T13:44:00.5Z',
    time: '2026-11-20T13:44:00+02:00',
    ts: '1795182300',
  },
  ...{
    level: 'WARN',
    severity: 'error',
    priority: '3',
    service: 'vllm',
    machine_id: 'node-1',
    file_path: '/a/b.log',
  },
  ...{
    container_name: 'web',
    job_id: '12345',
    source: 'docker',
    trace_id: 'abc',
    request_id: 'r',
    type: 't',
  },
  ...{
    container_id: 'c',
    app_name: 'x',
    process_id: 3,
    rank: 1.5,
    a: true,
    'x.y': null,
    'x-y': '',
    z: 'two words',
  },
};
/** Names each of which keeps records from the fast path. */
const SPECIAL = [
  ...[
    'id',
    'severity_text',
    'observed_timestamp',
    'service.name',
    'traceId',
    'host.name',
    'log.record.original',
  ],
  ...['__proto__', 'api_key', 'token', 'password', 'a b', '7', '', 'é'],
];
const secrets = PLANTED_SECRETS.map(({ text }) => text);
const VALUES: readonly unknown[] = [
  ...[
    '',
    'x',
    'two words',
    'INFO ready',
    'WARN',
    'error',
    '30',
    '2026-11-20T13:44:00.5Z',
    '1795182300',
    'vllm',
  ],
  ...[
    '/var/log/pm2/app-out.log',
    '/scratch/train-777_3.out',
    '{"level":"error","msg":"inner"}',
    '{}',
    'a\\b"c',
    'tab\t',
  ],
  ...[
    'line\n',
    'a\rb',
    '\u001b[31mred\u001b[0m',
    'job 12345',
    'request_id=abcdef12',
    'no key',
    'the ken',
    'nul\0',
    '\u2028',
  ],
  ...[`trace_id=${'a'.repeat(32)}`, 'é 日本', '\ud800', '@', 'x'.repeat(2_000)],
  ...[0, 1, -1.5, 30, 1e21, 1795182300, 1795182300.25, true, false, null, {}, { a: 1 }, [], [1, 'x']],
];

t.test('random records, read in both ways', async (t) => {
  const random = createRandom(7);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(values: readonly T[]) => values[below(values.length)]!;
  let fast = 0;
  for (let kind = 0; kind < 1_500; kind++) {
    const { read } = reader();
    const names = Array.from({ length: 1 + below(7) }, () => pick(Object.keys(PLAIN)));
    names.push(pick(['message', 'log', 'msg']), ...(below(5) === 0 ? [pick(SPECIAL)] : []));
    const sent = below(10) === 0 ? names : [...new Set(names)];
    sent.sort(() => random() - 0.5);
    const usual = sent.map((name) => PLAIN[name] ?? pick(VALUES));
    const [comma, colon] = below(10) === 0 ? [', ', ': '] : [',', ':'];
    for (let i = 0; i < 12; i++) {
      const members = sent.map((name, index) => {
        const value = below(6) > 0 ? usual[index] : below(8) === 0 ? pick(secrets) : pick(VALUES);
        return `${JSON.stringify(name)}${colon}${JSON.stringify(value)}`;
      });
      let text = `{${members.join(comma)}}`;
      const damage = below(16);
      if (damage === 0) text = text.slice(0, below(text.length)) + pick(['', '"', '}', '\\', ',', '0', '\t']);
      else if (damage === 1) {
        const at = below(text.length);
        text =
          text.slice(0, at) + pick(['"', '\\', ' ', '\t', '\\u0041', '\\x', '01', '-', '.']) + text.slice(at);
      }
      const result = read(text);
      if (result.difference) return t.fail(result.difference);
      if (result.fast) fast++;
    }
  }
  t.ok(fast > 4_000, `${fast} of 18,000 were read by the fast path`);
});

t.test('secrets in a record with a template are left to the redactor', async (t) => {
  const { read } = reader();
  const record = (message: string, note = 'x', machine_id = 'node') =>
    JSON.stringify({ message, note, machine_id });
  read(record('first'));
  t.ok(read(record('second')).fast);
  for (const { text } of PLANTED_SECRETS) {
    for (const secret of [record(text), record('x', text), record('x', 'y', text)]) {
      t.same(read(secret), { fast: false }, secret);
    }
  }
  for (const text of NO_SECRETS) t.notOk(read(record(text, text)).difference);
});

t.test('forms that have no hint leave every record to the redactor', async (t) => {
  const rules = parseRules('redaction:\n  rules: [{ name: any, pattern: "x+" }]');
  const { read } = reader(createRedaction(rules.redaction));
  for (let i = 0; i < 5; i++) t.same(read(JSON.stringify({ message: `x ${i}` })), { fast: false });
});

t.test('a template that gives up every record does not keep others out', async (t) => {
  const { read } = reader();
  const wrapped = (i: number) => JSON.stringify({ log: JSON.stringify({ msg: `inner ${i}` }) });
  for (let i = 0; i < 3_000; i++) read(wrapped(i));
  for (let i = 0; i < 5_000; i++) read(JSON.stringify({ message: `m ${i}` }));
  t.ok(read(JSON.stringify({ message: 'last' })).fast);
});

t.test('records whose members never come again do not cost a template each', async (t) => {
  const rules = { categorize: createCategorizer(), defaultTimezone: 'UTC' };
  let looked = 0;
  const redact = createRedaction(NO_RULES.redaction);
  const counting: Redactor = {
    ...redact,
    isClean: (json) => {
      looked++;
      return redact.isClean(json);
    },
  };
  const fastPath = new FastPath({ ...rules, redact: counting });
  for (let i = 0; i < 20_000; i++) fastPath.read(JSON.stringify({ message: 'x', [`n${i}`]: 1 }), arrival);
  t.ok(looked < 50, `${looked} of 20,000 were looked at`);
});

if (!existsSync(REAL_LOGS_FOLDER)) {
  t.test('real logs', { skip: `no real logs at ${REAL_LOGS_FOLDER}` }, async () => {});
} else {
  t.test('real logs, read in both ways', async (t) => {
    const { read } = reader();
    let fast = 0;
    let all = 0;
    for (const name of readdirSync(REAL_LOGS_FOLDER, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(?:log|out|err)$/.test(name)) continue;
      for (const log of readFileSync(join(REAL_LOGS_FOLDER, name), 'utf8').split('\n')) {
        if (log === '') continue;
        const result = read(
          JSON.stringify({
            timestamp: '2026-11-20T13:44:00.5Z',
            log,
            file_path: `/logs/${name}`,
            machine_id: 'm',
          }),
        );
        if (result.difference) return t.fail(result.difference);
        all++;
        if (result.fast) fast++;
      }
    }
    t.ok(fast > all / 2, `${fast} of ${all} were read by the fast path`);
    t.comment(`${fast} of ${all} lines were read by the fast path`);
  });
}
