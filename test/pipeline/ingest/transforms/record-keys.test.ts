import t from 'tap';
import { parseEntry } from '../../../../pipeline/ingest/sources/json-body.ts';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../../../../pipeline/ingest/transforms/normalize.ts';
import { formatTimestamp } from '../../../../pipeline/record/timestamp.ts';

const ARRIVAL = {
  time: { seconds: 1_795_182_300, nanos: 123_000_000, digits: 3 },
  source: 'api',
  machineId: undefined,
};
const NOW = '2026-11-20T13:45:00.123Z';
const normalize = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });

/** The filled columns of the record of a JSON text, with its time as text. */
function read(text: string, machineId?: string): Record<string, unknown> {
  const entry = parseEntry(text);
  if ('reason' in entry) throw new Error(entry.reason);
  const { timestamp, attributes, observed, ...columns } = normalize(entry, { ...ARRIVAL, machineId });
  const filled = Object.entries(columns).filter(([, value]) => value !== '');
  return {
    ...Object.fromEntries(filled),
    timestamp: formatTimestamp(timestamp),
    attributes: JSON.parse(attributes),
  };
}

type Row = readonly [name: string, record: object, expected: Readonly<Record<string, unknown>>];

/** Each logger in its own spelling, and behind it a record that only looks like one of its. */
const LOGGERS: readonly Row[] = [
  [
    'ECS, flat',
    {
      '@timestamp': '2026-11-19T09:40:47.569Z',
      'log.level': 'error',
      message: 'x',
      'service.name': 'pay',
      'host.name': 'h1',
      'trace.id': 'abc',
      'span.id': 'def',
      'service.environment': 'prod',
    },
    {
      timestamp: '2026-11-19T09:40:47.569Z',
      level: 'error',
      message: 'x',
      service: 'pay',
      machine_id: 'h1',
      trace_id: 'abc',
      span_id: 'def',
      deployment_env: 'prod',
    },
  ],
  [
    'ECS, nested',
    {
      '@timestamp': '2026-11-19T09:40:47.569Z',
      log: { level: 'WARN', logger: 'a', file: { path: '/var/log/slurm-4711.out' } },
      message: 'x',
      service: { name: 'pay', environment: 'prod' },
      host: { name: 'h1' },
      trace: { id: 'abc' },
      cloud: { region: 'eu' },
      container: { name: 'web' },
    },
    {
      level: 'warn',
      message: 'x',
      service: 'pay',
      deployment_env: 'prod',
      machine_id: 'h1',
      trace_id: 'abc',
      region: 'eu',
      container_name: 'web',
      file_path: '/var/log/slurm-4711.out',
      job_id: '4711',
    },
  ],
  [
    'not ECS: objects of other kinds under these names',
    {
      message: 'x',
      log: { level: 'sea' },
      service: { name: 7 },
      host: ['h1'],
      trace: 'abc',
      cloud: { region: {} },
    },
    {
      level: 'info',
      service: 'uncategorized',
      machine_id: undefined,
      trace_id: undefined,
      region: undefined,
    },
  ],
  [
    'ECS beside a plain key: that one counts',
    { message: 'x', level: 'debug', log: { level: 'error' }, service: 's', 'service.name': 't' },
    { level: 'debug', service: 's' },
  ],
  [
    'GELF',
    {
      version: '1.1',
      host: 'h1',
      short_message: 'boom',
      full_message: 'boom\n  at x',
      timestamp: 1794255174.5,
      level: 3,
      _job_id: '4711',
      _user: 'u',
    },
    {
      message: 'boom',
      level: 'error',
      severity_text: '3',
      machine_id: 'h1',
      job_id: '4711',
      timestamp: '2026-11-09T20:12:54.5Z',
    },
  ],
  [
    'GELF of docker',
    { version: '1.1', host: 'h1', short_message: 'x', level: 6, _container_name: 'web' },
    { level: 'info', container_name: 'web' },
  ],
  [
    'not GELF: `level` 3 and `host` of something else',
    { message: 'ERROR x', level: 3, host: 'example.org', _job_id: '7' },
    { level: 'error', machine_id: undefined, job_id: undefined },
  ],
  [
    'journald',
    {
      MESSAGE: 'oom',
      PRIORITY: '3',
      __REALTIME_TIMESTAMP: '1794255174123456',
      _HOSTNAME: 'h1',
      _SYSTEMD_UNIT: 'slurmd.service',
      SYSLOG_IDENTIFIER: 'slurmd-bin',
    },
    {
      message: 'oom',
      level: 'error',
      timestamp: '2026-11-09T20:12:54.123456Z',
      machine_id: 'h1',
      service: 'slurmd',
    },
  ],
  [
    'journald: a session is no service',
    { MESSAGE: 'x', PRIORITY: '6', _SYSTEMD_UNIT: 'session-3.scope', SYSLOG_IDENTIFIER: 'sshd' },
    { service: 'sshd', level: 'info' },
  ],
  ['journald: an instance', { MESSAGE: 'x', _SYSTEMD_UNIT: 'vllm@2.service' }, { service: 'vllm' }],
  [
    'journald: bytes',
    { MESSAGE: [27, 91, 51, 49, 109, 99, 195, 164, 27, 91, 48, 109], PRIORITY: '4' },
    { message: 'cä', level: 'warn' },
  ],
  ['not bytes', { MESSAGE: [1, 300] }, { message: '[1,300]' }],
  [
    'journald by Fluent Bit',
    { message: 'x', priority: '4', hostname: 'h1', systemd_unit: 'docker.service' },
    { level: 'warn', machine_id: 'h1', service: 'docker' },
  ],
  [
    'syslog-ng',
    {
      PROGRAM: 'sshd',
      PRIORITY: 'err',
      PID: '7',
      MESSAGE: 'x',
      HOST: 'h1',
      ISODATE: '2026-11-09T20:12:54+01:00',
    },
    { message: 'x', level: 'error', machine_id: 'h1', service: 'sshd', timestamp: '2026-11-09T19:12:54Z' },
  ],
  [
    'not syslog-ng',
    { message: 'x', HOST: 'h1', PROGRAM: 'p', PRIORITY: 'high' },
    { level: 'info', machine_id: undefined, service: 'uncategorized' },
  ],
  [
    'syslog by Fluent Bit',
    { pri: '11', host: 'h1', ident: 'sshd', pid: '7', message: 'x' },
    { level: 'error', machine_id: 'h1', service: 'sshd' },
  ],
  [
    'not syslog: an `ident` alone',
    { ident: 'user-7', message: 'x' },
    { level: 'info', service: 'uncategorized' },
  ],
  [
    'structlog',
    { event: 'job failed', level: 'error', timestamp: '2026-11-09T20:12:54Z', n: 1 },
    { message: 'job failed', level: 'error' },
  ],
  [
    'structlog without a level',
    { event: 'job', logger: 'a', timestamp: '2026-11-09T20:12:54Z' },
    { message: 'job' },
  ],
  [
    'not structlog: an event of a shop',
    { event: 'purchase', level: 3, user: 'u' },
    { message: '{"event":"purchase","level":3,"user":"u"}' },
  ],
  [
    'not structlog: there is a text',
    { event: 'purchase', level: 'warn', message: 'x' },
    { message: 'x', level: 'warn' },
  ],
  [
    'Serilog',
    {
      Timestamp: '2026-11-27T01:50:36.5184494Z',
      Level: 'Warning',
      MessageTemplate: 'hi {X}',
      RenderedMessage: 'hi 1',
    },
    { message: 'hi 1', level: 'warn', timestamp: '2026-11-27T01:50:36.5184494Z' },
  ],
  [
    'Serilog without the rendered text',
    { Timestamp: '2026-11-27T01:50:36Z', Level: 'Fatal', MessageTemplate: 'hi {X}' },
    { message: 'hi {X}', level: 'fatal' },
  ],
  [
    'CLEF',
    { '@t': '2026-11-19T09:40:47.569Z', '@mt': 'hi {X}', '@m': 'hi 1', '@l': 'Error', '@tr': 'abc' },
    { message: 'hi 1', level: 'error', trace_id: 'abc', timestamp: '2026-11-19T09:40:47.569Z' },
  ],
  [
    'CLEF without a level',
    { '@t': '2026-11-19T09:40:47Z', '@mt': 'Error: none' },
    { message: 'Error: none', level: 'info' },
  ],
  [
    'CLEF with an exception alone',
    { '@t': '2026-11-19T09:40:47Z', '@l': 'Error', '@x': 'System.Exception: y' },
    { message: 'System.Exception: y', level: 'error' },
  ],
  ['not a level: a number under Level', { Message: 'x', Level: 50 }, { message: 'x', level: 'info' }],
  [
    'loguru',
    {
      text: '2026-11-20 10:00:00.123 | ERROR | a:b:1 - boom\n',
      record: {
        level: { name: 'ERROR', no: 40 },
        message: 'boom',
        time: { repr: 'x', timestamp: 1794255174.5 },
      },
    },
    {
      message: '2026-11-20 10:00:00.123 | ERROR | a:b:1 - boom',
      level: 'error',
      timestamp: '2026-11-09T20:12:54.500000Z',
    },
  ],
  [
    'not loguru',
    { text: 'a', record: { level: 5 } },
    { message: '{"text":"a","record":{"level":5}}', level: 'info' },
  ],
  [
    'python-json-logger',
    { asctime: '2026-11-08 11:19:59,509', levelname: 'ERROR', message: 'x', name: 'app.db' },
    { level: 'error', timestamp: '2026-11-08T11:19:59.509Z', service: 'uncategorized' },
  ],
  [
    'python-json-logger with `created`',
    { created: 1794255174.5, levelname: 'ERROR', message: 'x' },
    { timestamp: '2026-11-09T20:12:54.5Z' },
  ],
  ['not a time: `created` of something else', { created: 1794255174.5, message: 'x' }, { timestamp: NOW }],
  [
    'Datadog',
    {
      ddsource: 'python',
      ddtags: 'env:prod',
      hostname: 'h1',
      service: 'pay',
      status: 'warning',
      message: 'x',
    },
    { level: 'warn', machine_id: 'h1', service: 'pay' },
  ],
  [
    'Datadog in its libraries',
    { message: 'x', status: 'error', dd: { trace_id: '7', service: 'pay', env: 'prod' } },
    { level: 'error', trace_id: '7', service: 'pay', deployment_env: 'prod' },
  ],
  [
    'not Datadog: a status of something else',
    { message: 'x', status: 'error', hostname: 'h1' },
    { level: 'info', machine_id: undefined },
  ],
  [
    'pino',
    { level: 50, time: 1744374957491, pid: 7, hostname: 'h1', name: 'pay', msg: 'x' },
    { level: 'error', machine_id: 'h1', service: 'pay' },
  ],
  [
    'bunyan',
    { name: 'pay', hostname: 'h1', pid: 7, level: 30, msg: 'x', time: '2026-11-09T20:12:54Z', v: 0 },
    { machine_id: 'h1', service: 'pay' },
  ],
  [
    'not pino: a name alone',
    { level: 'error', msg: 'x', name: 'Bob', hostname: 'example.org' },
    { machine_id: undefined, service: 'uncategorized' },
  ],
  [
    'not pino: no level of its',
    { level: 3, pid: 7, hostname: 'h1', name: 'Bob', msg: 'x' },
    { machine_id: undefined, service: 'uncategorized' },
  ],
  [
    'monolog',
    {
      message: 'x',
      level: 400,
      level_name: 'ERROR',
      channel: 'app',
      datetime: '2026-11-19T09:40:47.569+00:00',
    },
    { level: 'error', timestamp: '2026-11-19T09:40:47.569Z' },
  ],
  [
    'hclog',
    { '@level': 'warn', '@message': 'x', '@timestamp': '2026-11-19T09:40:47Z' },
    { level: 'warn', message: 'x', timestamp: '2026-11-19T09:40:47Z' },
  ],
  [
    'MongoDB',
    { t: { $date: '2026-11-19T10:40:47.569+01:00' }, s: 'E', c: 'NETWORK', id: 7, ctx: 'main', msg: 'x' },
    { level: 'error', message: 'x', timestamp: '2026-11-19T09:40:47.569Z' },
  ],
  ['not MongoDB', { s: 'East', c: 'C', ctx: 'main', msg: 'x' }, { level: 'info' }],
  [
    'OTLP that Fluent Bit passes on',
    {
      date: 1794255174.5,
      log: 'x',
      __internal__: {
        group_attributes: { resource: { attributes: { 'service.name': 'pay', machine_id: 'h1' } } },
        log_metadata: { otlp: { severity_number: 17 } },
      },
    },
    { message: 'x', level: 'error', service: 'pay', machine_id: 'h1' },
  ],
  [
    'not Fluent Bit',
    { message: 'x', __internal__: 'y', internal: { log_metadata: { otlp: { severity_number: 17 } } } },
    { level: 'info' },
  ],
  [
    'OpenTelemetry',
    {
      message: 'x',
      'deployment.environment.name': 'prod',
      'cloud.region': 'eu',
      'log.file.path': '/a/slurm-4711.out',
      'log.file.name': 'slurm-4711.out',
    },
    { deployment_env: 'prod', region: 'eu', file_path: '/a/slurm-4711.out', job_id: '4711' },
  ],
  [
    'a path is better than a name, in any order',
    { 'log.file.name': 'b.log', 'log.file.path': '/a/b.log', message: 'x' },
    { file_path: '/a/b.log' },
  ],
  [
    'a name alone',
    { 'log.file.name': 'slurm-4711.out', message: 'x' },
    { file_path: 'slurm-4711.out', job_id: '4711' },
  ],
  [
    'Kubernetes',
    { log: 'x', kubernetes: { container_name: 'web', host: 'node-1', pod_name: 'p' } },
    { container_name: 'web', machine_id: 'node-1' },
  ],
  [
    'an empty text gives way',
    { message: '', msg: 'real', level: 'warn' },
    { message: 'real', level: 'warn' },
  ],
  [
    'names of the prototype',
    JSON.parse('{"message":"x","constructor":"a","__proto__":{"service":"b"},"toString":1}'),
    { message: 'x', service: 'uncategorized' },
  ],
];

t.test('the keys of loggers', async (t) => {
  for (const [name, record, expected] of LOGGERS) t.match(read(JSON.stringify(record)), expected, name);
});

t.test('what became a column stays an attribute under its own name', async (t) => {
  const { attributes } = read('{"short_message":"x","host":"h1","_job_id":"7","level":3,"hostname":"h2"}');
  t.same(attributes, { host: 'h1', _job_id: '7', hostname: 'h2' });
});

t.test('the machine of the connection is better than the hostname that a program found', async (t) => {
  t.match(read('{"level":30,"pid":7,"hostname":"3f2a","msg":"x"}', 'node-1'), { machine_id: 'node-1' });
  t.match(read('{"MESSAGE":"x","_HOSTNAME":"h1"}', 'relay'), { machine_id: 'h1' });
});

t.test('of times in a line and around it, that of the program counts', async (t) => {
  const docker = (log: string) =>
    JSON.stringify({ log: JSON.stringify({ log, stream: 'stdout', time: '2026-11-20T13:00:00Z' }) });
  t.match(read(docker('{"ts":1794255174.5,"level":"warn","msg":"x"}\n')), {
    timestamp: '2026-11-09T20:12:54.5Z',
    level: 'warn',
    message: 'x',
  });
  t.match(read(docker('{"ts":"soon","msg":"x"}\n')), { timestamp: '2026-11-20T13:00:00Z' });
});

t.test('no odd value hides the other fields', async (t) => {
  for (const value of [
    'NaN',
    '-Infinity',
    '1e400',
    '9'.repeat(400),
    '"\\ud800"',
    '[{"a":1e400}]',
    '{"\\ud800":1}',
  ]) {
    for (const text of [
      `{"message":"x","user":"bob","v":${value}}`,
      JSON.stringify({ log: `{"msg":"x","user":"bob","v":${value}}` }),
    ]) {
      const { message, attributes } = read(text);
      t.match({ message, attributes }, { message: 'x', attributes: { user: 'bob' } }, text);
      t.ok(Object.hasOwn(attributes as object, 'v'), text);
      t.notMatch(JSON.stringify(attributes), /\\ud800|null/, text);
    }
  }
});
