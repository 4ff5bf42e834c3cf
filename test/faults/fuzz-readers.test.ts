import fc from 'fast-check';
import t from 'tap';
import { formatQuery } from '../../control-plane/query/format.ts';
import { parseTime } from '../../control-plane/query/parse-time.ts';
import { parseQuery } from '../../control-plane/query/parser.ts';
import { parseEntry, splitJsonBody } from '../../pipeline/ingest/sources/json-body.ts';
import { createCategorizer } from '../../pipeline/ingest/transforms/categorize.ts';
import { stripAnsi } from '../../pipeline/ingest/transforms/clean-text.ts';
import { guessSeverity } from '../../pipeline/ingest/transforms/guess-severity.ts';
import { LineJoiner } from '../../pipeline/ingest/transforms/join-lines.ts';
import { createNormalizer } from '../../pipeline/ingest/transforms/normalize.ts';
import { findTimestamp } from '../../pipeline/record/find-timestamp.ts';
import { formatRecord } from '../../pipeline/record/format-record.ts';
import { parseTimestamp } from '../../pipeline/record/parse-timestamp.ts';
import { LEVELS, severityOfWord } from '../../pipeline/record/severity.ts';
import { formatTimestamp, type Timestamp } from '../../pipeline/record/timestamp.ts';
import { createZone } from '../../pipeline/record/timezone.ts';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';
import { hostileText, LIKELY } from './fuzz-values.ts';

/** The same inputs in every run; a failure tells its seed and path, and the smallest input that fails. */
const RUNS = { seed: 20_260_301, numRuns: 1_000 };
const UTC = createZone('UTC');
const NOW = Date.parse('2026-03-01T12:00:00Z');

/** Texts that are nearly what a reader takes: pieces of real ones, put together. */
function nearly(...pieces: string[]): fc.Arbitrary<string> {
  const piece = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, hostileText);
  return fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(' ')),
  );
}

function check<T>(what: fc.Arbitrary<T>, property: (value: T) => void, examples: T[] = []): void {
  fc.assert(fc.property(what, property), { ...RUNS, examples: examples.map((example) => [example]) });
}

function isTime({ seconds, nanos, digits }: Timestamp): void {
  if (!Number.isInteger(seconds) || !(nanos >= 0 && nanos < 1e9) || !(digits >= 0 && digits <= 9)) {
    throw new Error(`no time: ${seconds} ${nanos} ${digits}`);
  }
}

t.test('NDJSON: any bytes are cut into texts that are read or refused, and no record is lost', async () => {
  check(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    for (const text of splitJsonBody(Buffer.from(bytes))) parseEntry(String(text));
  });
  check(
    nearly('{"a":1}', '\n', '[', ']', ',', '{', '}', '"', '\\', '\r\n', '\ufeff', '{"log":"x"}'),
    (body) => {
      for (const text of splitJsonBody(Buffer.from(body))) parseEntry(String(text));
    },
  );
  const records = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 }), {
    minLength: 1,
    maxLength: 5,
  });
  for (const [start, between, end] of [
    ['', '\n', ''],
    ['', '\r\n', '\r\n'],
    ['[', ',', ']'],
    ['\ufeff [ ', ' ,\n ', ' ] '],
  ] as const) {
    check(records, (items) => {
      const texts = items.map((item) => JSON.stringify(item));
      const found = [...splitJsonBody(Buffer.from(start + texts.join(between) + end))];
      if (found.join('\n') !== texts.join('\n')) throw new Error(`got ${found}`);
    });
  }
});

t.test(
  'queries: any text is a query, which prints and parses to the same, or refused with a reason',
  async () => {
    check(
      nearly(
        ...LIKELY.q!,
        '(',
        ')',
        'AND',
        'OR',
        'NOT',
        '-',
        ':',
        '"',
        '/',
        '[',
        ' TO ',
        ']',
        '*',
        '>',
        '<=',
      ),
      (text) => {
        let query: ReturnType<typeof parseQuery>;
        try {
          query = parseQuery(text);
        } catch (error) {
          if (error instanceof LogplaneError && error.kind === 'bad_request') return;
          throw error;
        }
        const printed = formatQuery(query);
        const again = formatQuery(parseQuery(printed));
        if (again !== printed) throw new Error(`${printed} became ${again}`);
      },
    );
  },
);

t.test('times: any text is a time within the years that are stored, or none', async () => {
  const zones = [UTC, createZone('Europe/Luxembourg')];
  check(
    nearly(
      ...LIKELY.from!,
      '2026',
      '-',
      '03',
      '/',
      '01',
      'T',
      ':',
      '12',
      '.',
      ',',
      'Z',
      '+02:00',
      ' ',
      'Mar',
      'Dec  7',
    ),
    (text) => {
      for (const zone of zones) {
        const times = [
          parseTimestamp(text, zone),
          parseTime(text, { now: NOW }),
          findTimestamp(text, zone, NOW / 1000)?.time,
        ];
        for (const time of times) {
          if (time === undefined) continue;
          isTime(time);
          const read = parseTimestamp(formatTimestamp(time), UTC);
          if (read?.seconds !== time.seconds) throw new Error(`${text}: ${formatTimestamp(time)}`);
        }
      }
    },
    ['1e21', '-1e308', '1e999', '9'.repeat(400)],
  );
});

t.test('levels: any line has one of the levels, or none', async () => {
  const words = [
    'INFO',
    'error',
    'WARN',
    'E',
    'F0301',
    '[',
    ']',
    ':',
    '"level":',
    '"severity"',
    '|',
    '/',
    'level=',
    '12',
    'rank0',
  ];
  check(nearly(...words), (text) => {
    for (const severity of [guessSeverity(text), severityOfWord(text)]) {
      if (severity && !LEVELS.includes(severity.level)) throw new Error(severity.level);
    }
  });
});

t.test('multi-line: every line that is not blank is in exactly one event, in its order', async () => {
  const line = nearly(
    'Traceback (most recent call last):',
    '  File "a.py", line 1, in f',
    'ValueError: x',
    '[rank0]: ',
    '\tat a.b.C(D.java:1)',
    'Caused by: ',
    'panic: ',
    'goroutine 1 [running]:',
    '2026-03-01 12:00:00 INFO ',
    '    ',
    '}',
  ).map((text) => text.replaceAll(/[\r\n]/g, ''));
  check(fc.array(line, { maxLength: 60 }), (lines) => {
    const joiner = new LineJoiner();
    const events = [...lines.flatMap((text) => joiner.push(text)), ...joiner.flush()];
    const count = (texts: readonly string[]) =>
      texts
        .filter((text) => !/^(?:\[rank0\]:)?\s*$/.test(stripAnsi(text)))
        .sort()
        .join('\n');
    const found = events.flatMap(({ text }) => text.split('\n'));
    if (count(found) !== count(lines)) throw new Error(`got ${JSON.stringify(found)}`);
    if (joiner.oldestPending !== undefined) throw new Error('something is open after the end');
  });
});

t.test('records: any object becomes a record that is written as valid JSON', async () => {
  const run = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });
  const arrival = { time: { seconds: NOW / 1000, nanos: 0, digits: 3 }, source: 'api', machineId: undefined };
  const names = [
    'message',
    'log',
    'msg',
    'body',
    'timestamp',
    'time',
    'ts',
    '@timestamp',
    'date',
    'level',
    'severity',
    'service',
    'file_path',
    'id',
    'resource',
    'attributes',
    '__proto__',
    'trace_id',
  ];
  const value = fc.oneof(hostileText, fc.jsonValue(), fc.constantFrom(1e308, -1, 1.5, null, ...LIKELY.from!));
  const object = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, { maxKeys: 8 });
  check(object, (fields) => {
    const entry = parseEntry(JSON.stringify(fields));
    if ('reason' in entry) throw new Error(entry.reason);
    const record = run(entry, arrival);
    isTime(record.timestamp);
    const written = JSON.parse(formatRecord({ ...record, seq: 1 }, 'lower'));
    if (!LEVELS.includes(written.level) || typeof written.message !== 'string')
      throw new Error('not a record');
  });
});
