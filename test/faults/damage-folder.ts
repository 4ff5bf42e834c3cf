import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chance } from '../chance.ts';
import { damageBytes } from './damage-bytes.ts';
import type { Generations } from './folder-generations.ts';

export type Area = 'journal' | 'part' | 'state';

export interface Damage {
  readonly kind: string;
  /** The files, from the folder. */
  readonly paths: readonly string[];
  /** What may be gone with it: files of the journal and parts. */
  readonly units: readonly string[];
  /** Whether a loss can always be known; for the journal's files `journal-fuzz.ts` holds when it can. */
  readonly isKnowable: boolean;
}

const AREAS: Readonly<Record<Area, RegExp>> = {
  journal: /^clickhouse-journal\/(?:\d+|checkpoint)$/,
  part: /^clickhouse\/store\/\w+\/[\w-]+\/(?!detached)\w+_\d+_\d+_\d+(?:_\d+)?\//,
  state: /^(?:state\/|admin-token$|webhook-secret$)/,
};

/** Damages a copy of the present generation in one random way. */
export function damageFolder(folder: string, generations: Generations, chance: Chance): Damage {
  const area = chance.pick<Area>(['journal', 'journal', 'part', 'state']);
  const files = filesOf(folder, area);
  const path = chance.pick(files);
  const at = join(folder, path);
  const bytes = readFileSync(at);
  const kind = chance.pick([
    'bytes',
    'bytes',
    'bytes',
    'swap',
    'remove',
    'past',
    'past unit',
    'foreign',
  ] as const);
  const damage = (how: string, paths: readonly string[]): Damage => ({
    kind: `${area}: ${how}`,
    paths,
    units: paths.filter((each) => !AREAS.state.test(each)).map(unitOf),
    isKnowable: area === 'part',
  });
  switch (kind) {
    case 'bytes': {
      const damaged = damageBytes(bytes, chance);
      writeFileSync(at, damaged.bytes);
      return damage(damaged.kind, [path]);
    }
    case 'swap': {
      const other = chance.pick(files);
      writeFileSync(at, readFileSync(join(folder, other)));
      writeFileSync(join(folder, other), bytes);
      return damage(kind, [path, other]);
    }
    case 'remove':
      rmSync(at);
      return damage(kind, [path]);
    case 'past unit': {
      // Also one that is gone by now.
      const old = unitOf(chance.pick(filesOf(generations.past, area)));
      rmSync(join(folder, old), { recursive: true, force: true });
      cpSync(join(generations.past, old), join(folder, old), { recursive: true });
      return damage(kind, [old]);
    }
    case 'past':
    case 'foreign': {
      const others = generations[kind];
      // Nothing in a checkpoint says whose it is: one of another server would count.
      const candidates = filesOf(others, area).filter(
        (file) => kind === 'past' || !file.endsWith('checkpoint'),
      );
      const source = candidates.includes(path) ? path : chance.pick(candidates);
      writeFileSync(at, readFileSync(join(others, source)));
      return damage(kind, [path]);
    }
  }
}

export function filesOf(folder: string, area: Area): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => AREAS[area].test(path) && statSync(join(folder, path)).isFile())
    .sort();
}

/** What a file belongs to: its part, or itself. */
export function unitOf(path: string): string {
  return AREAS.part.exec(path)?.[0].replace(/\/$/, '') ?? path;
}
