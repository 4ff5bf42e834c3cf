import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import protobuf from 'protobufjs';
import t from 'tap';
import {
  parseOtlpEntry,
  type RecordGroup,
  writeOtlpEntries,
} from '../../../../pipeline/ingest/sources/otlp.ts';
import { openJsonRequest } from '../../../../pipeline/ingest/sources/otlp-json.ts';
import { openProtobufRequest } from '../../../../pipeline/ingest/sources/otlp-protobuf.ts';
import { entryOfText, MAX_RECORD_BYTES } from '../../../../pipeline/ingest/sources/record-limits.ts';
import type { UnreadableEntry } from '../../../../pipeline/ingest/sources/source-entry.ts';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../../../../pipeline/ingest/transforms/normalize.ts';
import { formatRecord } from '../../../../pipeline/record/format-record.ts';
import { fromMilliseconds } from '../../../../pipeline/record/timestamp.ts';
import { REAL_LOGS_FOLDER } from '../../../project-folder.ts';

const normalize = createNormalizer({ categorize: createCategorizer([]), defaultTimezone: 'UTC' });
const arrival = { time: fromMilliseconds(1_750_000_000_000), source: 'otlp', machineId: undefined };

type Answer = Record<string, unknown>;

type Groups = Iterable<RecordGroup | undefined>;

/** How many bounded steps a request took to be opened, and its records. */
function open(opening: Generator<undefined, () => Groups>): { steps: number; groups: Groups } {
  let step = opening.next();
  let steps = 0;
  for (; !step.done; step = opening.next()) steps++;
  return { steps, groups: step.value() };
}

const readJsonGroups = (body: Buffer) => open(openJsonRequest(body)).groups;
const readProtobufGroups = (body: Buffer) => open(openProtobufRequest(body)).groups;

/** What a request is cut into, without the steps in between. */
const entriesOf = (groups: Groups, bytes = 1_000) =>
  [...writeOtlpEntries(groups, bytes)].filter((entry) => entry !== undefined);

/** Records of a request as the endpoints answer them, or the reason why one could not be read. */
function records(text: string): (Answer | { reason: string })[] {
  return entriesOf(readJsonGroups(Buffer.from(text))).map((entry) => {
    const decoded = typeof entry === 'string' ? parseOtlpEntry(entry) : entryOfText(entry);
    if ('reason' in decoded) return decoded;
    return JSON.parse(formatRecord({ ...normalize(decoded, arrival), seq: 1 }, 'lower'));
  });
}

const one = (record: unknown, resource: unknown = {}, scope: unknown = {}) =>
  records(
    JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }] }),
  )[0] as Answer;

const attribute = (key: string, value: unknown) => ({ key, value });
const text = (stringValue: string) => ({ stringValue });

const example = resolve(REAL_LOGS_FOLDER, 'otlp/logs.json');

t.test(
  "the specification's example",
  {
    skip: existsSync(example) ? false : 'real logs are not here',
  },
  async (t) => {
    t.same(records(readFileSync(example, 'utf8')), [
      {
        id: '1',
        timestamp: '2018-12-13T14:51:00.300000000Z',
        observed_timestamp: '2018-12-13T14:51:00.300000000Z',
        level: 'info',
        severity_number: 10,
        severity_text: 'Information',
        message: 'Example log record',
        service: 'my.service',
        'service.name': 'my.service',
        source: 'otlp',
        trace_id: '5b8efff798038103d269b633813fc60c',
        span_id: 'eee19b7ec3c1b174',
        'string.attribute': 'some string',
        'boolean.attribute': true,
        'int.attribute': 10,
        'double.attribute': 637.704,
        'array.attribute': ['many', 'values'],
        'map.attribute': { 'some.map.key': 'some value' },
        'otel.scope.name': 'my.library',
        'otel.scope.version': '1.0.0',
        'my.scope.attribute': 'some scope attribute',
      },
    ]);
  },
);

t.test('times keep every nanosecond', async (t) => {
  const cases: [name: string, record: object, timestamp: string, observed: string | undefined][] = [
    [
      'as strings',
      { timeUnixNano: '1544712660300000001', observedTimeUnixNano: '1544712660300000002' },
      '2018-12-13T14:51:00.300000001Z',
      '2018-12-13T14:51:00.300000002Z',
    ],
    [
      'an observed time alone',
      { observedTimeUnixNano: '1544712660300000002' },
      '2018-12-13T14:51:00.300000002Z',
      '2018-12-13T14:51:00.300000002Z',
    ],
    ['a second after 1970', { timeUnixNano: '1000000000' }, '1970-01-01T00:00:01.000000000Z', undefined],
    ['none', { timeUnixNano: '0', observedTimeUnixNano: 0 }, '2025-06-15T15:06:40.000Z', undefined],
  ];
  for (const [name, record, timestamp, observed] of cases) {
    const answer = one({ ...record, severityNumber: 9 });
    t.equal(answer.timestamp, timestamp, name);
    t.equal(answer.observed_timestamp, observed, name);
  }
  const unquoted =
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano": 1544712660300000001, "body": {"stringValue":' +
    '"\\"timeUnixNano\\":1544712660300000001,"}, "attributes":[{"key":"n","value":{"intValue":9007199254740993}}]}]}]}]}';
  const [entry] = entriesOf(readJsonGroups(Buffer.from(unquoted)));
  t.match(entry, '"timestamp":"2018-12-13T14:51:00.300000001Z"', 'numbers without quotes');
  t.match(entry, '"n":9007199254740993');
  t.equal((records(unquoted)[0] as Answer).message, '"timeUnixNano":1544712660300000001,');
});

t.test('levels come from the number, spellings from the text', async (t) => {
  const cases: [record: object, level: string, spelling: string | undefined][] = [
    [{ severityNumber: 17 }, 'error', undefined],
    [{ severityNumber: 17, severityText: 'INFO' }, 'error', 'INFO'],
    [{ severityNumber: 13, severityText: 'WARN' }, 'warn', undefined],
    [{ severityNumber: 1, severityText: 'TRACE' }, 'debug', 'TRACE'],
    [{ severityText: 'critical' }, 'fatal', 'critical'],
    [{ body: text('ERROR: disk full') }, 'error', undefined],
    [{ severityNumber: 9, body: text('ERROR in the text alone') }, 'info', undefined],
  ];
  for (const [record, level, spelling] of cases) {
    const answer = one({ timeUnixNano: '1544712660300000001', ...record });
    t.equal(answer.level, level, JSON.stringify(record));
    t.equal(answer.severity_text, spelling, JSON.stringify(record));
  }
});

t.test('bodies of every kind', async (t) => {
  const cases: [body: unknown, message: string, kept: unknown][] = [
    [text('plain'), 'plain', undefined],
    [text(''), '', undefined],
    [{ intValue: '42' }, '42', 42],
    [{ boolValue: false }, 'false', false],
    [{ doubleValue: 'NaN' }, '"NaN"', 'NaN'],
    [{ bytesValue: Buffer.from('héllo').toString('base64') }, 'héllo', 'aMOpbGxv'],
    [{ bytesValue: '/wA=' }, '/wA=', '/wA='],
    [{ arrayValue: { values: [{ intValue: 1 }, {}] } }, '[1,null]', [1, null]],
    [{ kvlistValue: { values: [attribute('a', { kvlistValue: {} })] } }, '{"a":{}}', { a: {} }],
    [
      { kvlistValue: { values: [attribute('log', text('shipped')), attribute('job_id', text('7'))] } },
      'shipped',
      { log: 'shipped', job_id: '7' },
    ],
  ];
  for (const [body, message, kept] of cases) {
    const answer = one({ severityNumber: 9, body });
    t.equal(answer.message, message, message);
    t.same(answer.body, kept, message);
  }
  t.equal(one({ body: cases.at(-1)![0] }).job_id, '7', 'members with a column of their own are found in it');
});

t.test('names that are taken get an underscore, and nothing is lost', async (t) => {
  const answer = one(
    {
      severityNumber: 9,
      body: text('the body'),
      traceId: '5B8EFFF798038103D269B633813FC60C',
      attributes: [
        attribute('message', text('an attribute')),
        attribute('level', text('an attribute')),
        attribute('id', text('mine')),
        attribute('timestamp', { intValue: 5 }),
        attribute('trace_id', text('theirs')),
        attribute('host', text('a')),
        attribute('same', text('x')),
      ],
    },
    { attributes: [attribute('host', text('b')), attribute('same', text('x'))], droppedAttributesCount: 2 },
  );
  t.match(answer, {
    message: 'the body',
    message_: 'an attribute',
    level: 'info',
    level_: 'an attribute',
    id: '1',
    id_: 'mine',
    timestamp_: 5,
    trace_id: '5b8efff798038103d269b633813fc60c',
    trace_id_: 'theirs',
    host: 'a',
    host_: 'b',
    same: 'x',
    'otel.resource.dropped_attributes_count': 2,
  });
  t.notOk('same_' in answer);
});

t.test('a record that cannot be read costs no neighbour', async (t) => {
  const cases: [record: unknown, reason: RegExp][] = [
    [5, /expected an object/],
    [{ attributes: {} }, /attributes: expected a list, got object/],
    [{ attributes: [null] }, /attributes: expected {"key"/],
    [{ attributes: [{ key: 7 }] }, /attributes.key: expected a string, got number/],
    [{ body: 'plain' }, /expected a value such as/],
  ];
  const good = { body: text('good') };
  const request = {
    resourceLogs: [{ scopeLogs: [{ logRecords: [...cases.map(([record]) => record), good] }] }],
  };
  // One that is short is parsed at once, a long one record by record.
  for (const blanks of ['', ' '.repeat(MAX_RECORD_BYTES)]) {
    const answers = records(JSON.stringify(request) + blanks);
    for (const [index, [, reason]] of cases.entries()) t.match(answers[index], { reason });
    t.match(answers.at(-1), { message: 'good' });
  }
});

t.test('a value that cannot be read costs a field and not the record', async (t) => {
  const now = '2025-06-15T15:06:40.000Z';
  const time = '1794255174123456789';
  for (const [record, expected] of [
    [{ timeUnixNano: 'today' }, { timestamp: now, timestamp_: 'today' }],
    [{ timeUnixNano: '18446744073709551615' }, { timestamp: now, timestamp_: '18446744073709551615' }],
    [
      { timeUnixNano: '-5', observedTimeUnixNano: time },
      { timestamp: '2026-11-09T20:12:54.123456789Z', timestamp_: '-5' },
    ],
    [
      { timeUnixNano: time, observedTimeUnixNano: 'x' },
      { timestamp: '2026-11-09T20:12:54.123456789Z', observed_timestamp_: 'x' },
    ],
    [
      { traceId: 'xyz', spanId: '00' },
      { trace_id_: 'xyz', span_id_: '00' },
    ],
    [{ traceId: 7 }, { trace_id_: 7 }],
    [{ severityNumber: 'SEVERITY_NUMBER_ERROR' }, { level: 'error' }],
    [{ severityNumber: 'SEVERITY_NUMBER_WARN2' }, { level: 'warn', severity_number: 14 }],
    [{ severityNumber: 'high' }, { level: 'info', severity_number_: 'high' }],
    [
      { severityNumber: 99, body: text('ERROR: x') },
      { level: 'error', severity_number: 99 },
    ],
    [{ flags: 1.5 }, { flags_: 1.5 }],
  ] as const) {
    t.match(one({ body: text('x'), ...record }), expected, JSON.stringify(record));
  }
});

t.test('without a severity the level is read as in any other record', async (t) => {
  const map = (fields: Record<string, string>) => ({
    kvlistValue: { values: Object.entries(fields).map(([key, value]) => attribute(key, text(value))) },
  });
  for (const [record, expected] of [
    [{ body: text('x'), attributes: [attribute('level', text('error'))] }, { level: 'error' }],
    [{ body: text('x'), attributes: [attribute('level', { intValue: 50 })] }, { level: 'error' }],
    [{ body: text('x'), attributes: [attribute('log.level', text('warn'))] }, { level: 'warn' }],
    [
      { body: text('x'), severityNumber: 9, attributes: [attribute('level', text('error'))] },
      { level: 'info', level_: 'error' },
    ],
    [{ body: map({ msg: 'hello', level: 'error' }) }, { level: 'error', message: 'hello' }],
    [
      { body: map({ msg: 'hello', level: 'error' }), severityNumber: 5 },
      { level: 'debug', message: 'hello' },
    ],
    [
      { body: map({ MESSAGE: 'x', PRIORITY: '3', _SYSTEMD_UNIT: 'a.service', _HOSTNAME: 'h' }) },
      { level: 'error', message: 'x', service: 'a', machine_id: 'h' },
    ],
    [{ body: map({ msg: 'x', ts: '2026-11-19T09:40:47Z' }) }, { timestamp: '2026-11-19T09:40:47Z' }],
    [{ body: map({ a: 'error', b: 'fatal' }) }, { level: 'info', message: '{"a":"error","b":"fatal"}' }],
    [{ body: text('ERROR: x') }, { level: 'error' }],
    [{ body: text('no ERROR here') }, { level: 'info' }],
  ] as const) {
    t.match(one(record), expected, JSON.stringify(record));
  }
});

t.test('JSON in a text body is opened', async (t) => {
  const line = '{"level":"error","msg":"boom","user":7,"time":"2026-11-19T09:40:47Z"}';
  t.match(
    one({
      timeUnixNano: '1794255174123456789',
      body: text(line),
      attributes: [attribute('user', text('a'))],
    }),
    {
      level: 'error',
      message: 'boom',
      user: 7,
      user_: 'a',
      timestamp: '2026-11-19T09:40:47Z',
      observed_timestamp: '2026-11-09T20:12:54.123456789Z',
    },
  );
  t.match(one({ severityNumber: 13, body: text('{"msg":"a","loss":NaN}') }), {
    level: 'warn',
    message: 'a',
    loss: 'NaN',
  });
  t.match(
    one({ body: text('{"a":1}') }),
    { message: '{"a":1}', a: 1 },
    'without a text it stays the message',
  );
  for (const other of ['{not JSON}', '[1]', '{"a":1} tail'])
    t.match(one({ body: text(other) }), { message: other });
});

t.test('a record without a body has the text of its exception or its event', async (t) => {
  for (const [record, message] of [
    [
      { attributes: [attribute('exception.type', text('E')), attribute('exception.message', text('bad'))] },
      'E: bad',
    ],
    [{ attributes: [attribute('exception.message', text('bad'))], eventName: 'x' }, 'bad'],
    [{ eventName: 'gen_ai.choice', attributes: [attribute('a', text('b'))] }, 'gen_ai.choice'],
    [{ attributes: [attribute('event.name', text('y'))], body: {} }, 'y'],
    [{ body: text(''), eventName: 'x' }, ''],
  ] as const) {
    t.equal(one(record).message, message, JSON.stringify(record));
  }
  t.equal(one({ attributes: [attribute('a', text('b'))] }).message, '{"a":"b"}');
});

t.test('a line that a shipper read has the time at its head', async (t) => {
  const body = text('2026-11-20 10:00:00,123 ERROR x');
  const time = { timeUnixNano: '1794255174123456789' };
  const path = [attribute('log.file.path', text('/a/b.log'))];
  for (const [record, timestamp] of [
    [{ observedTimeUnixNano: '1794255174123456789' }, '2026-11-20T10:00:00.123Z'],
    [{ ...time, attributes: path }, '2026-11-20T10:00:00.123Z'],
    [time, '2026-11-09T20:12:54.123456789Z'],
    [{ ...time, severityNumber: 9, attributes: path }, '2026-11-09T20:12:54.123456789Z'],
  ] as const) {
    t.equal(one({ body, ...record }).timestamp, timestamp, JSON.stringify(record));
  }
});

t.test('protobuf gives the same entries as JSON', async (t) => {
  const { root } = protobuf.parse(`syntax = "proto3";
    message Request { repeated ResourceLogs resource_logs = 1; }
    message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
    message Resource { repeated KeyValue attributes = 1; }
    message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; }
    message Scope { string name = 1; string version = 2; }
    message LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2;
      string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6; fixed32 flags = 8;
      bytes trace_id = 9; bytes span_id = 10; string event_name = 12; }
    message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
      double double_value = 4; bytes bytes_value = 7; } }
    message KeyValue { string key = 1; AnyValue value = 2; }`);
  const Request = root.lookupType('Request');
  const message = (trace: unknown, bytes: unknown) => ({
    resourceLogs: [
      {
        resource: { attributes: [attribute('service.name', text('api'))] },
        schemaUrl: 'https://schema',
        scopeLogs: [
          {
            scope: { name: 'lib' },
            logRecords: [
              {
                timeUnixNano: '1544712660300000001',
                observedTimeUnixNano: '1544712660300000002',
                severityNumber: 9,
                severityText: 'INFO',
                flags: 1,
                traceId: trace,
                eventName: 'started',
                body: text('hello'),
                attributes: [
                  attribute('big', { intValue: '9223372036854775807' }),
                  attribute('negative', { intValue: '-1' }),
                  attribute('zero', { doubleValue: 0 }),
                  attribute('no', { boolValue: false }),
                  attribute('empty', text('')),
                  attribute('bytes', { bytesValue: bytes }),
                ],
              },
              {},
            ],
          },
        ],
      },
    ],
  });
  const trace = '5b8efff798038103d269b633813fc60c';
  const encoded = Request.encode(
    Request.fromObject(message(Buffer.from(trace, 'hex'), Buffer.from([1, 2]))),
  ).finish();
  const body = Buffer.from(encoded);
  t.same(
    entriesOf(readProtobufGroups(body)),
    entriesOf(readJsonGroups(Buffer.from(JSON.stringify(message(trace, 'AQI='))))),
  );
  t.match(entriesOf(readProtobufGroups(body))[0], '"big":9223372036854775807');
  for (let length = 1; length < body.length; length++) {
    t.throws(() => readProtobufGroups(body.subarray(0, length)), `cut off after ${length} bytes`);
  }
});

/** A field of protobuf: its tag, its length and its bytes. */
function field(tag: number, content: Buffer): Buffer {
  const length = [];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.concat([Buffer.from([tag, ...length, rest]), content]);
    length.push((rest & 0x7f) | 0x80);
  }
}

const ofRecords = (records: Buffer, head = Buffer.alloc(0)) =>
  field(0x0a, Buffer.concat([head, field(0x12, records)]));

t.test('millions of empty records are walked through in bounded steps', async (t) => {
  const json = Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${'{},'.repeat(400_000)}{}]}]}]}`);
  const protobuf = ofRecords(Buffer.alloc(2 * 300_000, Buffer.from([0x12, 0])));
  t.ok(open(openJsonRequest(json)).steps > 20);
  t.ok(open(openProtobufRequest(protobuf)).steps > 70);
  for (const [groups, expected] of [
    [readJsonGroups(json), 400_001],
    [readProtobufGroups(protobuf), 300_000],
  ] as const) {
    let count = 0;
    for (const group of groups) if (group) for (const record of group) if (record) count++;
    t.equal(count, expected);
  }
});

t.test('what is nested too deeply is kept as text, in both forms', async (t) => {
  let deep: unknown = text('needle');
  for (let level = 0; level < 100; level++) deep = { arrayValue: { values: [deep] } };
  const logRecords = [{ body: deep }, { body: text('fine') }];
  const [record, neighbour] = records(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
  t.match(record, { message: /^\{"body":\{"arrayValue".*needle/, too_large: 'depth' });
  t.match(neighbour, { message: 'fine' });

  let value = field(0x0a, Buffer.from('needle'));
  for (let level = 0; level < 100; level++) value = field(0x2a, field(0x0a, value));
  const [entry] = entriesOf(readProtobufGroups(ofRecords(field(0x12, field(0x2a, value)))));
  t.match(entry, { limit: 'depth', text: /needle/ });
  t.notMatch((entry as { text: string }).text, /[\0-\x08]/);
});

t.test('a record that is too long comes in pieces, whole among its neighbours', async (t) => {
  const long = `${'words, '.repeat(MAX_RECORD_BYTES / 4)}end`;
  const logRecords = [{ body: text('before') }, { body: text(long) }, { body: text('behind') }];
  const request = { resourceLogs: [{ scopeLogs: [{ logRecords }] }] };
  const answers = records(JSON.stringify(request)) as Answer[];
  t.match(answers[0], { message: 'before' });
  t.match(answers.at(-1), { message: 'behind' });
  const pieces = answers.slice(1, -1);
  t.ok(pieces.map(({ message }) => message).join('') === JSON.stringify(logRecords[1]));
  for (const [index, piece] of pieces.entries()) t.match(piece, { too_large: 'bytes', part: index + 1 });

  const body = ofRecords(field(0x12, field(0x2a, field(0x0a, Buffer.from(long)))));
  const texts = entriesOf(readProtobufGroups(body)) as { text: string; limit: string }[];
  t.ok(texts.length > 1);
  t.ok(
    texts
      .map((entry) => entry.text)
      .join('')
      .includes(long),
  );
});

t.test('what resources and scopes say is not multiplied without end', async (t) => {
  const shared = 'x'.repeat(100_000);
  const resource = { attributes: [attribute('big', text(shared))] };
  const logRecords = Array.from({ length: 1_000 }, () => ({}));
  const json = Buffer.from(JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }));
  let characters = 0;
  let alone = 0;
  for (const entry of writeOtlpEntries(readJsonGroups(json), json.length)) {
    if (typeof entry !== 'string') continue;
    characters += entry.length;
    const decoded = parseOtlpEntry(entry);
    if (!('reason' in decoded) && decoded.exceeded === 'resource') {
      t.equal(decoded.fields.too_large, 'resource');
      alone++;
    }
  }
  t.ok(characters < 70 * 1024 * 1024, `${characters} characters`);
  t.ok(alone > 300 && alone < 400, `${alone} records alone`);

  const huge = { attributes: [attribute('big', text('y'.repeat(MAX_RECORD_BYTES)))] };
  const group = { resource: huge, scopeLogs: [{ logRecords: [{ body: text('mine') }] }] };
  const answers = records(JSON.stringify({ resourceLogs: [group] })) as Answer[];
  t.match(answers.at(-1), { message: 'mine', too_large: 'resource' });
  t.match(answers[0], { message: /^\{"attributes"/, too_large: 'bytes' });
});

t.test('a record that cannot be read is kept as a request that can be sent again', async (t) => {
  const broken = { body: 'plain', attributes: [attribute('own', text('o'.repeat(400)))] };
  const scopeLogs = {
    scope: { name: 'trainer' },
    schemaUrl: 's',
    logRecords: [{ body: text('fine') }, broken],
  };
  const request = (resource: unknown, length: number) =>
    Buffer.from(
      JSON.stringify({ resourceLogs: [{ resource, schemaUrl: 'r', scopeLogs: [scopeLogs] }] }).padEnd(length),
    );
  const resourceOf = (length: number) => ({
    attributes: [attribute('machine_id', text('g'.repeat(length)))],
  });
  const alone = { scopeLogs: [{ logRecords: [broken] }] };
  const whole = (resource: unknown) => ({
    resource,
    schemaUrl: 'r',
    scopeLogs: [{ scope: { name: 'trainer' }, schemaUrl: 's', logRecords: [broken] }],
  });
  const cases: [resource: unknown, kept: unknown][] = [
    [resourceOf(5), whole(resourceOf(5))],
    // What is much larger than the record itself is left out.
    [resourceOf(5_000), alone],
    // Of this no field can be read, so it is why both cannot.
    [{ attributes: 5 }, whole({ attributes: 5 })],
  ];
  for (const [resource, kept] of cases) {
    // One that is parsed at once, and one that is read by its brackets.
    for (const length of [0, MAX_RECORD_BYTES + 1]) {
      const entry = entriesOf(readJsonGroups(request(resource, length))).at(-1) as string;
      const { reason, content } = parseOtlpEntry(entry) as UnreadableEntry;
      t.ok(reason);
      t.same(JSON.parse(content as string), { resourceLogs: [kept] });
      const again = entriesOf(readJsonGroups(Buffer.from(content as string)));
      t.match(
        again.map((text) => parseOtlpEntry(text as string)),
        [{ content: entry.split('\n')[1] }],
      );
    }
  }
});

t.test('what holds no records where they are due is kept as a request too', async (t) => {
  const cases: unknown[] = [5, 'x', { scopeLogs: 5 }, { scopeLogs: [5] }, { scopeLogs: [{ logRecords: 5 }] }];
  for (const resourceLogs of cases) {
    const body = JSON.stringify({ resourceLogs: [resourceLogs] });
    const [entry] = entriesOf(readJsonGroups(Buffer.from(body.padEnd(MAX_RECORD_BYTES + 1))));
    t.match(parseOtlpEntry(entry as string), { reason: /expected/, content: body });
  }
  // Of a long one the beginning.
  const body = JSON.stringify({ resourceLogs: ['x'.repeat(3_000_000)] });
  const [entry] = entriesOf(readJsonGroups(Buffer.from(body)));
  const { content } = parseOtlpEntry(entry as string) as UnreadableEntry;
  t.ok((content as string).startsWith('{"resourceLogs":["xxx'));
  t.ok(content!.length < MAX_RECORD_BYTES + 100);
});

t.test('in protobuf it is a request in protobuf', async (t) => {
  const resource = field(0x0a, field(0x0a, field(0x0a, Buffer.from('key'))));
  const scope = field(0x0a, field(0x0a, Buffer.from('trainer')));
  const url = field(0x1a, Buffer.from('u'));
  // Their bodies have a field of a kind that does not exist.
  const records = [0x07, 0x0f].map((tag) => field(0x12, field(0x2a, Buffer.from([tag]))));
  const scopeLogs = (...parts: Buffer[]) => field(0x12, Buffer.concat([scope, ...parts, url]));
  const request = (...parts: Buffer[]) => field(0x0a, Buffer.concat([resource, ...parts, url]));
  const contents = (body: Buffer) =>
    entriesOf(readProtobufGroups(body)).map((entry) => parseOtlpEntry(entry as string) as UnreadableEntry);
  for (const [index, { reason, content }] of contents(request(scopeLogs(...records))).entries()) {
    t.match(reason, /^(?:invalid wire type 7|index out of range)/);
    t.same(content, request(scopeLogs(records[index]!)));
    t.same(contents(content as Buffer), [{ reason, content }]);
  }
  const large = field(0x0a, field(0x0a, field(0x0a, Buffer.alloc(5_000, 'k'))));
  const [alone] = contents(field(0x0a, Buffer.concat([large, field(0x12, records[0]!)])));
  t.same(alone?.content, field(0x0a, field(0x12, records[0]!)));
});

t.test('thousands of attributes of one name take time in proportion', async (t) => {
  const attributes = Array.from({ length: 5_000 }, (_, n) => attribute('same', { intValue: n }));
  const answer = one({ attributes });
  t.equal(answer.same, 0);
  t.equal(answer.same_, 1);
  t.equal(Object.keys(answer).filter((name) => name.startsWith('same')).length, 5_000);
});
