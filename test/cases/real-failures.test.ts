import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { readBatch } from '../../pipeline/ingest/sources/files/split-events.ts';
import { createCategorizer } from '../../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../../pipeline/ingest/transforms/normalize.ts';
import { rankFromText } from '../../pipeline/ingest/transforms/read-rank.ts';
import type { LogRecord } from '../../pipeline/record/log-record.ts';
import { parseTimestamp } from '../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../pipeline/record/timestamp.ts';
import { utc } from '../../pipeline/record/timezone.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { DEVIATIONS, type Quantity } from './real-failure-deviations.ts';

/** Runs of real programs that failed, with what is true of each. They stand outside the project. */
const FOLDER = resolve(PROJECT_FOLDER, '../shared/data/real-failures');
/** A day after the last of them was written. */
const READ_AT = '2026-12-01T12:00:00Z';
/** At least so much of what a person reads has to be read right. */
const WANTED = 0.95;

interface Truth {
  readonly events: Readonly<Record<string, number | null>>;
  readonly levels?: Readonly<Record<string, Readonly<Record<string, number>> | null>>;
  readonly ranks?: readonly number[] | null;
  readonly times?: Readonly<
    Record<
      string,
      {
        readonly zone: string;
        readonly first: string;
        readonly first_utc: string | null;
        readonly last_utc: string | null;
      }
    >
  >;
}

/** What is held against the truth of one file. */
type Facts = Readonly<Partial<Record<Quantity, unknown>>>;

/** The clock of the machine that wrote a file: times without a zone are read by it. */
function zoneOf({ times }: Truth, file: string): string {
  const time = times?.[file];
  if (time?.zone.includes('/')) return time.zone;
  return time?.first.endsWith(' CET') ? 'Europe/Berlin' : 'UTC';
}

function readRecords(path: string, defaultTimezone: string): LogRecord[] {
  const normalize = createNormalizer({ categorize: createCategorizer(), defaultTimezone });
  const time = parseTimestamp(READ_AT, utc)!;
  return readBatch(readFileSync(path)).texts.map((log) => {
    const fields = { timestamp: READ_AT, file_path: path, machine_id: 'node07', log };
    return normalize(
      { fields, text: JSON.stringify(fields) },
      { time, source: 'file', machineId: undefined },
    );
  });
}

/** The time of a record to the second. */
const secondOf = (record: LogRecord) => `${formatTimestamp(record.timestamp).slice(0, 19)}Z`;

function factsOf(records: readonly LogRecord[]): Facts {
  const times = records.map(secondOf).filter((time) => time !== READ_AT);
  const failures = records.filter(({ level }) => level === 'error' || level === 'fatal');
  const ranks = records.map(({ message }) => rankFromText(message)).filter((rank) => rank !== '');
  return {
    records: records.length,
    errors: failures.length,
    ranks: [...new Set(ranks)].map(Number).sort((a, b) => a - b),
    times: [times[0], times.at(-1)],
  };
}

function truthOf({ events, levels, ranks, times }: Truth, file: string, found: Facts): Facts {
  const level = levels?.[file];
  const time = times?.[file];
  const named = found.ranks as readonly number[];
  return {
    records: events[file],
    ...(level && { errors: (level.ERROR ?? 0) + (level.FATAL ?? 0) }),
    // A file may name some of the ranks, or none, at the heads of its lines.
    ...(named.length > 0 && { ranks: named.filter((rank) => ranks?.includes(rank)) }),
    ...(time?.first_utc && { times: [time.first_utc, time.last_utc].map((utc) => `${utc!.slice(0, 19)}Z`) }),
  };
}

t.test(
  'runs that failed: records, errors, ranks and times',
  { skip: !existsSync(FOLDER) && 'they stand outside the project and are absent' },
  async (t) => {
    const right: Record<string, number> = {};
    const all: Record<string, number> = {};
    const used = new Set<string>();
    for (const run of readdirSync(FOLDER).sort()) {
      if (!existsSync(join(FOLDER, run, 'truth.json'))) continue;
      const truth = JSON.parse(readFileSync(join(FOLDER, run, 'truth.json'), 'utf8')) as Truth;
      for (const [file, events] of Object.entries(truth.events)) {
        if (events === null) continue;
        const found = factsOf(readRecords(join(FOLDER, run, file), zoneOf(truth, file)));
        const wanted = truthOf(truth, file, found);
        for (const [quantity, value] of Object.entries(wanted) as [Quantity, unknown][]) {
          const same = JSON.stringify(found[quantity]) === JSON.stringify(value);
          all[quantity] = (all[quantity] ?? 0) + 1;
          if (same) right[quantity] = (right[quantity] ?? 0) + 1;
          const name = `${run}/${file} ${quantity}`;
          const reason = DEVIATIONS[name];
          if (reason !== undefined) {
            used.add(name);
            t.notOk(same, `${name} is right now, and its reason has to go: ${reason}`);
          } else {
            t.same(found[quantity], value, name);
          }
        }
      }
    }
    for (const quantity in all) {
      const share = (right[quantity] ?? 0) / all[quantity]!;
      t.comment(`${quantity}: ${right[quantity]} of ${all[quantity]}`);
      t.ok(share >= WANTED, `${quantity}: ${right[quantity]} of ${all[quantity]}`);
    }
    t.same(
      Object.keys(DEVIATIONS).filter((name) => !used.has(name)),
      [],
      'every reason is about a file that is there',
    );
  },
);
