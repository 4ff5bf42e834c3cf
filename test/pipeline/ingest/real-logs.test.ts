import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createCategorizer } from '../../../pipeline/ingest/transforms/categorize.ts';
import { guessSeverity } from '../../../pipeline/ingest/transforms/guess-severity.ts';
import { type JoinedEvent, LineJoiner } from '../../../pipeline/ingest/transforms/join-lines.ts';
import { createNormalizer } from '../../../pipeline/ingest/transforms/normalize.ts';
import { readWriterPrefix } from '../../../pipeline/ingest/transforms/writer-prefix.ts';
import { findTimestamp } from '../../../pipeline/record/find-timestamp.ts';
import type { LogRecord } from '../../../pipeline/record/log-record.ts';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';
import { REAL_LOGS_FOLDER } from '../../project-folder.ts';

type Quantity =
  | 'events'
  | 'timed'
  | 'levels'
  | 'services'
  | 'jobs'
  | 'traces'
  | 'requests'
  | 'first'
  | 'last'
  | 'multiline';
type Facts = Partial<Record<Quantity, unknown>>;

/** Where a person reads something else out of a file than the product does, and why that is as it should be. */
const DEVIATIONS: readonly {
  file: string;
  quantity: Quantity;
  ours: unknown;
  theirs: unknown;
  reason: string;
}[] = [
  {
    file: 'otel-demo/payment.log',
    quantity: 'services',
    ours: { uncategorized: 4, server: 11 },
    theirs: { server: 15 },
    reason:
      'Nothing in the path or in the four lines of the npm banner shows the service; the first pino line does, for all lines after it.',
  },
  {
    file: 'qdrant-videosearch/qdrant.log',
    quantity: 'events',
    ours: 227,
    theirs: 222,
    reason:
      'The six lines of the ASCII banner are six events: no rule distinguishes an indented drawing from a table whose rows are events.',
  },
  {
    file: 'qdrant-videosearch/qdrant.log',
    quantity: 'services',
    ours: { 'vector-db': 227 },
    theirs: { 'vector-db': 222 },
    reason: 'The six lines of the banner, counted as one by the sidecar.',
  },
  {
    file: 'qdrant-videosearch/qdrant.log',
    quantity: 'levels',
    ours: { INFO: 218, WARN: 1, none: 8 },
    theirs: { INFO: 218, WARN: 1, none: 3 },
    reason: 'The six lines of the banner, counted as one by the sidecar.',
  },
  {
    file: 'qdrant-videosearch/qdrant.log',
    quantity: 'multiline',
    ours: { count: 0, ranges: [] },
    theirs: { count: 1, ranges: [[1, 6]] },
    reason: 'The six lines of the banner, joined by the sidecar.',
  },
  {
    file: 'vllm-agents/vllm.log',
    quantity: 'timed',
    ours: 437,
    theirs: 436,
    reason:
      'The sidecar counts the times of vLLM alone; PyTorch wrote one too: "[rank0]:[W418 15:06:03.370491913 ...".',
  },
  {
    file: 'vllm-agents/vllm.log',
    quantity: 'last',
    ours: '2025-04-18T15:06:03.370491913Z',
    theirs: '2025-04-18T15:06:00Z',
    reason: 'That line of PyTorch is the last one with a time.',
  },
  {
    file: 'vllm-bench3/vllm_server.log',
    quantity: 'timed',
    ours: 80,
    theirs: 78,
    reason:
      'The sidecar counts the times of vLLM alone; FlashInfer wrote two: "2025-11-28 15:28:09,929 - INFO - autotuner.py:256".',
  },
  {
    file: 'vllm-bench3/vllm_server.log',
    quantity: 'levels',
    ours: { INFO: 149, WARN: 2, none: 16 },
    theirs: { INFO: 147, WARN: 2, none: 18 },
    reason: 'The same two lines say INFO between dashes.',
  },
];

/** Files without a sidecar, as the manifest describes them. */
const DESCRIBED: Readonly<Record<string, Facts>> = {
  'vllm-agents/state_server_2.log': {
    services: { server: 23 },
    events: 23,
    timed: 18,
    levels: { WARN: 1, none: 22 },
    first: '2025-04-18T15:02:39Z',
  },
  'docker-launcher/qdrant.log': {
    services: { 'vector-db': 14 },
    events: 14,
    timed: 0,
    levels: { ERROR: 10, none: 4 },
    traces: 0,
  },
  'docker-launcher/gpu_monitor.log': {
    services: { monitoring: 3939 },
    events: 3939,
    timed: 1983,
    levels: { none: 3939 },
    first: '2025-10-15T16:12:26Z',
  },
  'slurm-bris/full.err': {
    services: { uncategorized: 101 },
    timed: 0,
    jobs: [],
    levels: { WARN: 8, none: 93 },
  },
  'comfyui-docker/comfyui.log': {
    services: { uncategorized: 3498 },
    levels: { ERROR: 616, WARN: 457, none: 2425 },
  },
};

/** When the files whose times have no year were read. */
const READ_AT: Readonly<Record<string, string>> = {
  'vllm-agents/vllm.log': '2025-04-20T00:00:00Z',
  'vllm-bench3/vllm_server.log': '2025-11-29T00:00:00Z',
};
const READ_LATER = '2026-11-20T12:00:00Z';

interface Sidecar {
  category: string;
  logical_events: number;
  events_with_own_timestamp: number;
  levels: Record<string, number>;
  job_ids: string[];
  trace_ids: { distinct: number };
  request_ids_distinct?: number;
  first_timestamp: string | null;
  last_timestamp: string | null;
  multiline_events: number;
  'multiline_first_30_[first_line,last_line,head]': [number, number, string][];
}

/** A time as the sidecar has it, written the product's way. */
function isoOf(written: string | null, year: string): string | undefined {
  if (written === null) return undefined;
  if (/^\d{13}$/.test(written)) return new Date(Number(written)).toISOString();
  const us = /^(\d\d)\/(\d\d)\/(\d{4}) (.*)$/.exec(written);
  const dated = us
    ? `${us[3]}-${us[1]}-${us[2]} ${us[4]}`
    : /^\d\d-\d\d /.test(written)
      ? `${year}-${written}`
      : written;
  return `${dated.replace(' ', 'T').replace(',', '.').replace(/Z$/, '')}Z`;
}

function expectedOf(file: string, sidecar: Sidecar): Facts {
  const year = (READ_AT[file] ?? READ_LATER).slice(0, 4);
  return {
    events: sidecar.logical_events,
    timed: sidecar.events_with_own_timestamp,
    levels: sidecar.levels,
    services: { [sidecar.category]: sidecar.logical_events },
    jobs: sidecar.job_ids,
    traces: sidecar.trace_ids.distinct,
    ...(sidecar.request_ids_distinct !== undefined && { requests: sidecar.request_ids_distinct }),
    first: isoOf(sidecar.first_timestamp, year),
    last: isoOf(sidecar.last_timestamp, year),
    multiline: {
      count: sidecar.multiline_events,
      ranges: sidecar['multiline_first_30_[first_line,last_line,head]'].map(([first, last]) => [first, last]),
    },
  };
}

function joinLines(lines: readonly string[]): JoinedEvent[] {
  const joiner = new LineJoiner();
  const events = lines.flatMap((line) => joiner.push(line));
  return [...events, ...joiner.flush()].sort((a, b) => a.firstLine - b.firstLine);
}

/** An event as Fluent Bit ships it without a parser. */
function shipped(file: string, text: string, readAt: string): Record<string, unknown> {
  return { timestamp: readAt, file_path: `/data/cluster/${file}`, machine_id: 'node-1', log: text };
}

function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function distinct(values: string[]): string[] {
  return [...new Set(values.filter((value) => value !== ''))];
}

function factsOf(
  events: readonly JoinedEvent[],
  records: readonly LogRecord[],
  readAt: string,
): Required<Facts> {
  const near = parseTimestamp(readAt, utc)!.seconds;
  const guessed = ({ message }: LogRecord) => {
    const { length } = readWriterPrefix(message);
    return guessSeverity(message, findTimestamp(message, utc, near, length)?.end, length);
  };
  const times = records.map(({ timestamp }) => formatTimestamp(timestamp)).filter((time) => time !== readAt);
  const joined = events.filter(({ lines }) => lines.length > 1);
  return {
    events: events.length,
    timed: times.length,
    levels: tally(records.map((record) => (guessed(record) ? record.level.toUpperCase() : 'none'))),
    services: tally(records.map(({ service }) => service)),
    jobs: distinct(records.map(({ job_id }) => job_id)),
    traces: distinct(records.map(({ trace_id }) => trace_id)).length,
    requests: distinct(records.map(({ request_id }) => request_id)).length,
    first: times[0],
    last: times.at(-1),
    multiline: {
      count: joined.length,
      ranges: joined.slice(0, 30).map(({ lines }) => [lines[0]! + 1, lines.at(-1)! + 1]),
    },
  };
}

const isBlank = (line: string) => line.trim() === '';

if (!existsSync(REAL_LOGS_FOLDER)) {
  t.test(
    'real logs',
    { skip: 'they are not beside this project (../shared/data/real-logs)' },
    async () => {},
  );
} else {
  const names = (readdirSync(REAL_LOGS_FOLDER, { recursive: true }) as string[]).filter((name) =>
    /\.(?:log|out|err)$/.test(name),
  );
  for (const file of names.sort()) {
    t.test(file, async (t) => {
      const readAt = READ_AT[file] ?? READ_LATER;
      const lines = readFileSync(join(REAL_LOGS_FOLDER, file), 'utf8').split('\n');
      const events = joinLines(lines);
      const normalize = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });
      const arrival = { time: parseTimestamp(readAt, utc)!, source: 'file', machineId: undefined };
      const records = events.map(({ text }) => {
        const fields = shipped(file, text, readAt);
        return normalize({ fields, text: JSON.stringify(fields) }, arrival);
      });

      t.same(
        events.flatMap(({ text }) => text.split('\n').filter((line) => !isBlank(line))).sort(),
        lines.filter((line) => !isBlank(line)).sort(),
        'every line is in exactly one event',
      );
      t.notOk(
        records.some(({ message }) => /[\u001b\0\r]/.test(message)),
        'messages are clean',
      );

      const sidecar = join(REAL_LOGS_FOLDER, `${file}.expected.json`);
      const expected = existsSync(sidecar)
        ? expectedOf(file, JSON.parse(readFileSync(sidecar, 'utf8')) as Sidecar)
        : DESCRIBED[file];
      if (!expected) {
        t.fail('the file has neither a sidecar nor a description');
        return;
      }
      const facts = factsOf(events, records, readAt);
      for (const quantity of Object.keys(expected) as Quantity[]) {
        const deviation = DEVIATIONS.find((d) => d.file === file && d.quantity === quantity);
        if (deviation) {
          t.same(expected[quantity], deviation.theirs, `${quantity}: what the sidecar says`);
          t.same(facts[quantity], deviation.ours, `${quantity}: ${deviation.reason}`);
        } else {
          t.same(facts[quantity], expected[quantity], quantity);
        }
      }
    });
  }
  t.test('every deviation is of a file that is there', async (t) => {
    t.same(
      DEVIATIONS.filter(({ file }) => !names.includes(file)),
      [],
    );
  });
}
