import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../pipeline/store/journal.ts';
import { readFrames } from '../../pipeline/store/journal-frame.ts';
import { Chance } from '../chance.ts';
import { nativeRows, readNativeRows } from '../pipeline/store/native-rows.ts';
import { damageBytes } from './damage-bytes.ts';

export interface JournalFuzzResult {
  readonly mutations: number;
  /** Rows that were gone, all of them with what was damaged. */
  readonly gone: number;
  /** Starts that reported something. */
  readonly reported: number;
  readonly problems: readonly string[];
}

/** A table in memory. */
interface Table {
  /** The rows of each insert. */
  readonly inserts: number[][];
  /** So many of them a power cut does not take. */
  synced: number;
  readonly reports: string[];
}

/** What a power cut leaves. */
interface Remains {
  readonly folder: string;
  /** At an earlier time. */
  readonly past: string;
  readonly inserts: readonly (readonly number[])[];
  /** Rows that were acknowledged: numbers without a gap. */
  readonly first: number;
  readonly last: number;
}

interface Damage {
  readonly what: string;
  readonly paths: readonly string[];
  /** Whether a range of a file is what it was. */
  readonly isWhole: (path: string, from: number, to: number) => boolean;
  /** Bytes that are neither what was written nor zero: no power cut leaves them. */
  readonly isForeign: boolean;
}

const HOUR = 3_600_000;
const APPENDS = 40;
const MAX_APPEND_ROWS = 20;
const MUTATIONS_PER_JOURNAL = 20;
const FOREIGN_FIRST = 1_000_000;

/**
 * Starts a journal on folders that are damaged in random ways after a power cut. The table is one in memory, whose inserts may or may not
 * have survived, so that thousands of starts take seconds.
 */
export async function fuzzJournal(options: {
  readonly folder: string;
  readonly seed: number;
  readonly mutations: number;
}): Promise<JournalFuzzResult> {
  const { folder, seed, mutations } = options;
  const chance = new Chance(seed);
  const problems: string[] = [];
  let gone = 0;
  let reported = 0;
  let remains: Remains;
  let foreign: Remains;
  for (let mutation = 0; mutation < mutations; mutation++) {
    if (mutation % MUTATIONS_PER_JOURNAL === 0) {
      remains = await fill(join(folder, 'present'), chance, 1);
      foreign = await fill(join(folder, 'foreign'), chance, FOREIGN_FIRST);
    }
    const damaged = join(folder, 'damaged');
    rmSync(damaged, { recursive: true, force: true });
    cpSync(remains!.folder, damaged, { recursive: true });
    const damage = damageJournal(damaged, [remains!.past, foreign!.folder], chance);
    const seen = await startOn(damaged, remains!, damage);
    gone += seen.gone;
    if (seen.isReported) reported++;
    problems.push(
      ...seen.problems.map((problem) => `seed ${seed}, mutation ${mutation}, ${damage.what}: ${problem}`),
    );
  }
  return { mutations, gone, reported, problems };
}

function open(folder: string, table: Table, maxRows: number): Journal {
  return new Journal({
    folder,
    partitionOf: () => 0,
    store: async (path) => {
      table.inserts.push(readNativeRows(readFileSync(path)));
    },
    isStored: async (first, last) => table.inserts.flat().some((row) => row >= first && row <= last),
    isDamage: (error) => (error as Error).message === 'damaged',
    onDamage: (report) => table.reports.push(report),
    syncAppends: true,
    syncTables: async () => {
      table.synced = table.inserts.length;
    },
    maxRows,
    gatherMilliseconds: HOUR,
    checkpointMilliseconds: HOUR,
    retryMilliseconds: 1,
  });
}

/** Appends rows, and copies what is on the disk at the end and at some moment before. */
async function fill(folder: string, chance: Chance, first: number): Promise<Remains> {
  const working = `${folder}-working`;
  const past = `${folder}-past`;
  for (const each of [folder, working, past]) rmSync(each, { recursive: true, force: true });
  const table: Table = { inserts: [], synced: 0, reports: [] };
  const journal = open(working, table, 10 + chance.below(40));
  const remembered = 1 + chance.below(APPENDS - 2);
  let last = first - 1;
  for (let append = 0; append < APPENDS; append++) {
    const rows = Array.from({ length: 1 + chance.below(MAX_APPEND_ROWS) }, () => ++last);
    await journal.append(nativeRows(...rows));
    if (chance.below(6) === 0) await journal.flush();
    if (append === remembered) cpSync(working, past, { recursive: true });
  }
  cpSync(working, folder, { recursive: true });
  const inserts = table.inserts.filter((_, index) => index < table.synced || chance.below(2) === 0);
  await journal.close();
  return { folder, past, inserts, first, last };
}

/** @param others folders to take files from: first of an earlier generation, then of another server */
function damageJournal(folder: string, others: readonly string[], chance: Chance): Damage {
  const names = readdirSync(folder).sort();
  const name = chance.pick(names);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  const replaced = (kind: string, ...paths: readonly string[]): Damage => ({
    what: `${kind} ${paths.join(', ')}`,
    paths,
    isWhole: () => false,
    isForeign: false,
  });
  switch (chance.pick(['bytes', 'bytes', 'bytes', 'swap', 'copy', 'remove', 'other'] as const)) {
    case 'bytes': {
      const damaged = damageBytes(bytes, chance);
      writeFileSync(path, damaged.bytes);
      return {
        what: `${damaged.kind} ${name}`,
        paths: [name],
        isWhole: (_, from, to) => damaged.isWhole(from, to),
        isForeign: damaged.kind === 'flip' || damaged.kind === 'noise',
      };
    }
    case 'swap': {
      const other = chance.pick(names);
      writeFileSync(path, readFileSync(join(folder, other)));
      writeFileSync(join(folder, other), bytes);
      // Where a file is does not matter.
      return {
        ...replaced('swap', name, other),
        isWhole: () => name !== 'checkpoint' && other !== 'checkpoint',
      };
    }
    case 'copy':
      writeFileSync(path, readFileSync(join(folder, chance.pick(names))));
      return replaced('copy', name);
    case 'remove':
      rmSync(path);
      return replaced('remove', name);
    case 'other': {
      const from = chance.pick(others);
      // Nothing in a checkpoint says whose it is: one of another server would count.
      const files = readdirSync(from).filter((file) => file !== 'checkpoint' || from === others[0]);
      writeFileSync(path, readFileSync(join(from, chance.pick(files))));
      return replaced('other', name);
    }
  }
}

async function startOn(folder: string, remains: Remains, damage: Damage) {
  const problems: string[] = [];
  const table: Table = { inserts: remains.inserts.map((rows) => [...rows]), synced: 0, reports: [] };
  const { excused, knowable } = excuse(remains, damage);
  for (const start of ['the first start', 'the second start']) {
    const journal = open(folder, table, 50);
    await journal.flush().catch((error: Error) => problems.push(`${start} ends with ${error.stack}`));
    const next = Math.max(await journal.last(), ...table.inserts.flat()) + 1;
    await journal
      .append(nativeRows(next, next + 1))
      .catch((error: Error) => problems.push(`${start}: ${error}`));
    await journal.close();
    if (!table.inserts.flat().includes(next + 1)) problems.push(`${start}: what was appended is not stored`);
  }
  const times = new Map<number, number>();
  for (const row of table.inserts.flat()) times.set(row, (times.get(row) ?? 0) + 1);
  const twice = [...times].filter(([, count]) => count > 1).length;
  if (twice > 0) problems.push(`${twice} rows are stored twice`);
  const all = Array.from({ length: remains.last - remains.first + 1 }, (_, index) => remains.first + index);
  const gone = all.filter((row) => !times.has(row));
  const unexcused = gone.filter((row) => !excused.has(row));
  if (unexcused.length > 0) problems.push(`${unexcused.length} rows that were whole are gone`);
  const silent = gone.filter((row) => knowable.has(row));
  if (silent.length > 0 && table.reports.length === 0)
    problems.push(`${silent.length} rows are gone silently`);
  return { problems, gone: gone.length, isReported: table.reports.length > 0 };
}

/** Rows that may be gone, and those of them whose loss can be known: what follows them in their file is there. */
function excuse({ folder }: Remains, { paths, isWhole, isForeign }: Damage) {
  const excused = new Set<number>();
  const knowable = new Set<number>();
  for (const path of paths) {
    const frames = readFrames(readFileSync(join(folder, path)));
    const generation = Math.max(0, ...frames.map((frame) => frame.generation));
    let isFollowed = false;
    for (const { offset, length, rows, last, generation: own } of frames.reverse()) {
      if (isWhole(path, offset, offset + length)) {
        if (own === generation) isFollowed = true;
        continue;
      }
      for (let row = last - rows + 1; row <= last; row++) {
        excused.add(row);
        if (isFollowed && isForeign) knowable.add(row);
      }
    }
  }
  return { excused, knowable };
}
