import t from 'tap';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../../../../pipeline/ingest/transforms/normalize.ts';
import type { LogRecord } from '../../../../pipeline/record/log-record.ts';
import { formatTimestamp } from '../../../../pipeline/record/timestamp.ts';

const ARRIVAL = {
  time: { seconds: 1_795_182_300, nanos: 123_000_000, digits: 3 },
  source: 'api',
  machineId: undefined,
};

/** The record of one entry, as flat text: what is empty left out, times printed, attributes parsed. */
function normalize(text: string): Record<string, unknown> {
  const run = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });
  const record: LogRecord = run({ fields: JSON.parse(text), text }, ARRIVAL);
  const { timestamp, observed, attributes, ...rest } = record;
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '')),
    timestamp: formatTimestamp(timestamp),
    ...(observed && { observed: formatTimestamp(observed) }),
    attributes,
  };
}

const line = (fields: Record<string, unknown>) => normalize(JSON.stringify(fields));
/** What every record without time, level and service has. */
const bare = {
  timestamp: '2026-11-20T13:45:00.123Z',
  level: 'info',
  service: 'uncategorized',
  source: 'api',
  attributes: '{}',
};

t.test('the text', async (t) => {
  t.same(line({ message: 'a' }), { ...bare, message: 'a' });
  t.same(line({ log: 'a\n' }), { ...bare, message: 'a' });
  t.same(line({ msg: 'a', message: 'b', log: 'c' }), {
    ...bare,
    message: 'b',
    attributes: '{"msg":"a","log":"c"}',
  });
  t.same(line({ body: { a: 1 } }), { ...bare, message: '{"a":1}' }, 'other values become their JSON text');
  t.same(normalize('{"msg": 1.0}'), { ...bare, message: '1.0' });
  t.same(line({ message: null, log: 'a' }), { ...bare, message: 'a', attributes: '{"message_":null}' });
  t.same(
    normalize('{ "a": 1.0 }'),
    { ...bare, message: '{ "a": 1.0 }', attributes: '{"a":1.0}' },
    'no text at all',
  );
  t.same(line({ log: '' }), bare, 'a blank line is a record too');
});

t.test('cleaning keeps the original where it differs', async (t) => {
  const coloured = '\u001b[31mred\u001b[0m';
  t.same(line({ log: coloured }), {
    ...bare,
    message: 'red',
    attributes: JSON.stringify({ 'log.record.original': coloured }),
  });
  t.same(
    line({ message: 'a\r\n', x: 1 }),
    { ...bare, message: 'a', attributes: '{"x":1}' },
    'not for a line end',
  );
  t.same(
    line({ message: '0%\r99%', 'log.record.original': 'mine' }),
    { ...bare, message: '0%\n99%', attributes: '{"log.record.original":"mine"}' },
    'nor where the sender has the name',
  );
  t.match(line({ log: '[2024-02-27 07:29] \r1%\r100% 12/12' }), {
    message: '100% 12/12',
    timestamp: '2024-02-27T07:29:00Z',
  });
});

t.test('the time', async (t) => {
  for (const [name, text, timestamp, attributes] of [
    [
      'timestamp is used up',
      '{"message":"a","timestamp":"2026-01-02T03:04:05.600Z"}',
      '2026-01-02T03:04:05.600Z',
      '{}',
    ],
    [
      'others stay',
      '{"message":"a","ts":1744374957.120}',
      '2025-04-11T12:35:57.120Z',
      '{"ts":1744374957.120}',
    ],
    [
      'nanoseconds are exact',
      '{"message":"a","time":1744374957491002003}',
      '2025-04-11T12:35:57.491002003Z',
      '{"time":1744374957491002003}',
    ],
    [
      'the first that is one',
      '{"message":"a","timestamp":"soon","date":"2026-01-02 03:04:05"}',
      '2026-01-02T03:04:05Z',
      '{"timestamp_":"soon","date":"2026-01-02 03:04:05"}',
    ],
    [
      'structured: the key wins over the text',
      '{"message":"2020-01-01 00:00:00 a","time":"2026-01-02T03:04:05Z"}',
      '2026-01-02T03:04:05Z',
      '{"time":"2026-01-02T03:04:05Z"}',
    ],
    ['no key: the text', '{"message":"2020-01-01 00:00:00 a"}', '2020-01-01T00:00:00Z', '{}'],
    ['none at all: arrival', '{"message":"a"}', '2026-11-20T13:45:00.123Z', '{}'],
  ] as const) {
    t.match(normalize(text), { timestamp, attributes, observed: undefined }, name);
  }
  t.match(line({ log: '2020-01-01 00:00:00,5 a', timestamp: '2026-01-02T03:04:05Z' }), {
    timestamp: '2020-01-01T00:00:00.5Z',
    observed: '2026-01-02T03:04:05Z',
    attributes: '{}',
  });
  t.match(line({ log: 'a', timestamp: '2026-01-02T03:04:05Z' }), {
    timestamp: '2026-01-02T03:04:05Z',
    observed: undefined,
  });
  const run = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'Europe/Luxembourg' });
  const fields = { log: '2026-07-01 12:00:00 a' };
  t.equal(
    formatTimestamp(run({ fields, text: JSON.stringify(fields) }, ARRIVAL).timestamp),
    '2026-07-01T10:00:00Z',
  );
});

t.test('the level', async (t) => {
  for (const [fields, level, severity_text, attributes] of [
    [{ level: 'ERROR' }, 'error', undefined, '{}'],
    [{ level: 'Warning' }, 'warn', 'Warning', '{}'],
    [{ level: 30 }, 'info', '30', '{}'],
    [{ level: '50' }, 'error', '50', '{}'],
    [{ severity: 'NOTICE' }, 'info', 'NOTICE', '{"severity":"NOTICE"}'],
    [{ severity_number: 17 }, 'error', '17', '{"severity_number":17}'],
    [{ severity_text: 'Fatal' }, 'fatal', 'Fatal', '{"severity_text_":"Fatal"}'],
    [{ PRIORITY: '3' }, 'error', '3', '{"PRIORITY":"3"}'],
    [{ priority: 'high' }, 'info', undefined, '{"priority":"high"}'],
    [{ level: 'banana', lvl: 'warn' }, 'warn', undefined, '{"level_":"banana","lvl":"warn"}'],
    [{ level: null }, 'info', undefined, '{"level_":null}'],
    [{ level: 'debug', message: 'ERROR: x' }, 'debug', undefined, '{}'],
    [{ message: 'WARNING: x' }, 'warn', 'WARNING', '{}'],
    [{ message: undefined, log: '2026-01-01 00:00:00 [main] CRITICAL x' }, 'fatal', 'CRITICAL', '{}'],
  ] as const) {
    t.match(line({ message: 'a', ...fields }), { level, severity_text, attributes }, JSON.stringify(fields));
  }
});

t.test('fields: a column for what a string holds, exact attributes for everything else', async (t) => {
  t.same(
    line({
      message: 'a',
      machine_id: 'm',
      region: 'r',
      job_id: '7',
      service: 's',
      source: 'file',
      type: 'x',
    }),
    {
      ...bare,
      message: 'a',
      machine_id: 'm',
      region: 'r',
      job_id: '7',
      service: 's',
      source: 'file',
      type: 'x',
    },
  );
  t.same(
    normalize(
      '{"message":"a","job_id":12345678901234567890,"worker_id":7,"type":true,"region":null,"node_id":""}',
    ),
    {
      ...bare,
      message: 'a',
      job_id: '12345678901234567890',
      worker_id: '7',
      type: 'true',
      attributes: '{"job_id":12345678901234567890,"worker_id":7,"type":true,"region":null,"node_id":""}',
    },
  );
  t.same(
    normalize('{"message":"a","n":[1.0,1e3],"o":{},"z":-0,"u":"\\ud800","__proto__":{"p":1},"k":1,"k":2}')
      .attributes,
    '{"n":[1.0,1e3],"o":{},"z":-0,"u":"\ufffd","__proto__":{"p":1},"k":2}',
    'half a surrogate pair, which readers of JSON refuse, is the only thing that is replaced',
  );
  t.same(
    line({ message: 'a', id: 1, id_: 2, observed_timestamp: 3, service: '', source: null }),
    {
      ...bare,
      message: 'a',
      attributes: '{"id__":1,"id_":2,"observed_timestamp_":3,"service_":"","source_":null}',
    },
    'reserved names come back with an underscore',
  );
  t.match(
    line({
      message: 'a',
      'service.name': 'pay',
      'host.name': 'h',
      'k8s.container.name': 'c',
      traceId: 'abc',
    }),
    {
      service: 'pay',
      machine_id: 'h',
      container_name: 'c',
      trace_id: 'abc',
      attributes: '{"service.name":"pay","host.name":"h","k8s.container.name":"c","traceId":"abc"}',
    },
    'dotted names fill columns and stay',
  );
  t.match(line({ message: 'a', 'service.name': 'pay', service: 'mine' }), { service: 'mine' });
});

t.test('ids and source', async (t) => {
  t.match(line({ log: 'step', file_path: '/s/slurm-12345.out' }), { job_id: '12345', source: 'slurm' });
  t.match(line({ log: 'JOB 99999 ON n', file_path: '/s/slurm-12345.out', job_id: 'mine' }), {
    job_id: 'mine',
  });
  t.equal(
    line({ log: 'JOB 99999 ON n', job_id: null }).job_id,
    undefined,
    'a field that was sent wins, even null',
  );
  t.match(line({ log: 'a', file_path: '/root/.pm2/logs/x-out.log' }), { source: 'pm2' });
  t.match(
    line({ message: 'a\n', timestamp: '2026-01-01 00:00:00', type: 'out', process_id: 0, app_name: 'x' }),
    {
      source: 'pm2',
      timestamp: '2026-01-01T00:00:00Z',
      attributes: '{"process_id":0,"app_name":"x"}',
    },
  );
  t.match(line({ log: 'a', container_name: '/web-1' }), { source: 'docker', container_name: '/web-1' });
  t.match(line({ log: 'a', file_path: '/var/lib/docker/containers/ab/ab-json.log' }), { source: 'docker' });
});

t.test('a container that its file in Kubernetes names', async (t) => {
  const id = 'ab12'.repeat(16);
  for (const [file_path, container_name, source] of [
    [`/var/log/containers/web-7d4-x2_prod_nginx-proxy-${id}.log`, 'nginx-proxy', 'docker'],
    ['/var/log/pods/prod_web-7d4-x2_0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/vllm/3.log', 'vllm', 'docker'],
    [`/var/lib/docker/containers/${id}/${id}-json.log`, undefined, 'docker'],
    ['/srv/pods/a_b_c/vllm/0.log', undefined, 'file'],
    ['/var/log/containers/notes_of_mine.log', undefined, 'docker'],
  ] as const) {
    t.match(line({ log: 'a', file_path }), { container_name, source }, file_path);
  }
  const file_path = `/var/log/containers/web_prod_nginx-${id}.log`;
  t.match(line({ log: 'a', file_path, container_name: 'mine' }), { container_name: 'mine' });
  const cri = '2026-11-20T13:44:05.123456789Z stdout F hello';
  const pods = '/var/log/pods/prod_web-0_0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/nginx/0.log';
  for (const log of ['hello', cri])
    t.match(JSON.parse(String(line({ log, file_path }).attributes)), {
      'k8s.namespace.name': 'prod',
      'k8s.pod.name': 'web',
      'container.id': id,
    });
  t.match(JSON.parse(String(line({ log: 'a', file_path: pods }).attributes)), { 'k8s.pod.name': 'web-0' });
  t.same(
    line({ log: 'a', file_path, kubernetes: { pod_name: 'other' } }).attributes,
    '{"kubernetes":{"pod_name":"other"}}',
    'what the shipper says comes first',
  );
  t.match(line({ log: 'a', file_path: file_path.replace('nginx', 'vllm-0') }), { service: 'vllm' });
});

t.test('a JSON line that nobody parsed is a record of its members', async (t) => {
  const inner = '{"level":50,"time":1744374957491,"msg":"no","n":1.0,"machine_id":"fake","date":"d"}';
  t.same(
    line({ timestamp: '2026-01-02T03:04:05Z', file_path: '/x/p.log', log: inner, machine_id: 'm', tag: 't' }),
    {
      timestamp: '2025-04-11T12:35:57.491Z',
      observed: '2026-01-02T03:04:05Z',
      level: 'error',
      severity_text: '50',
      message: 'no',
      service: 'uncategorized',
      source: 'file',
      machine_id: 'm',
      file_path: '/x/p.log',
      attributes: '{"tag":"t","time":1744374957491,"n":1.0,"machine_id_":"fake","date":"d"}',
    },
  );
  t.same(
    line({ log: '{"a":1}', a: 2, timestamp: 'x' }),
    { ...bare, message: '{"a_":2,"timestamp":"x","a":1}', attributes: '{"a_":2,"timestamp_":"x","a":1}' },
    'of two with one name both come back',
  );
  t.match(line({ log: '{"msg":"a"}', timestamp: '2026-01-02T03:04:05Z' }), {
    timestamp: '2026-01-02T03:04:05Z',
    observed: undefined,
    message: 'a',
  });
  t.match(
    line({
      log: '{"log":"2020-01-01 00:00:00 hi\\n","stream":"stdout","time":"2016-03-02T22:58:51.338462311Z"}',
    }),
    {
      message: '2020-01-01 00:00:00 hi',
      timestamp: '2020-01-01T00:00:00Z',
      observed: '2016-03-02T22:58:51.338462311Z',
    },
    'docker line: its text is raw',
  );
  t.match(line({ log: '{"log":"{\\"level\\":\\"warn\\",\\"msg\\":\\"deep\\"}\\n","stream":"stderr"}' }), {
    message: 'deep',
    level: 'warn',
    attributes: '{"stream":"stderr"}',
  });
  t.match(
    line({
      timestamp: '2026-01-03T00:00:00Z',
      log: JSON.stringify({
        timestamp: '2026-01-02T00:00:00Z',
        log: '{"msg":"a","timestamp":"2026-01-01T00:00:00Z"}',
      }),
    }),
    {
      timestamp: '2026-01-01T00:00:00Z',
      observed: '2026-01-03T00:00:00Z',
      attributes: '{"timestamp_":"2026-01-02T00:00:00Z"}',
    },
    'of three times none is lost',
  );
  for (const log of ['{not json}', '{"a":1} tail', '"log":"x"}', '[1]', '{"a":1', '{']) {
    t.match(line({ log }), { message: log, attributes: '{}' }, `text: ${log}`);
  }
});

t.test('keys named like members of Object.prototype are fields like any other', async (t) => {
  const text = '{"log":"{\\"constructor\\":1,\\"toString\\":2,\\"hasOwnProperty\\":3}","valueOf":4}';
  t.same(JSON.parse(normalize(text).attributes as string), {
    valueOf: 4,
    constructor: 1,
    toString: 2,
    hasOwnProperty: 3,
  });
});

t.test('never throws, whatever is sent under the names that it reads', async (t) => {
  const values = [
    null,
    '',
    'x',
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [[]],
    '\ud800',
    '\u0000',
    '{',
    '{}',
    '\r',
    '1e999',
  ];
  const keys = [
    'message',
    'log',
    'timestamp',
    'time',
    'level',
    'severity_number',
    'file_path',
    'service',
    'job_id',
  ];
  let seed = 3;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let i = 0; i < 2000; i++) {
    const fields = Object.fromEntries(
      keys.filter(() => random(2) === 0).map((key) => [key, values[random(values.length)]]),
    );
    const record = normalize(JSON.stringify(fields));
    t.doesNotThrow(() => JSON.parse(record.attributes as string), JSON.stringify(fields));
  }
});
