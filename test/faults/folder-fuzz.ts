import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../control-plane/config.ts';
import { examine } from '../../control-plane/doctor/examine.ts';
import { Chance } from '../chance.ts';
import { startHere } from '../end-to-end/test-server.ts';
import { type Damage, damageFolder } from './damage-folder.ts';
import { FUZZED_SENDER, FUZZED_SERVICE, type Generations } from './folder-generations.ts';
import { readNumbers } from './stored-numbers.ts';

export interface FuzzResult {
  readonly mutations: number;
  /** Records that were gone, all of them with what was damaged. */
  readonly gone: number;
  /** Of mutations, those after which something was said, by `/readyz` or by a query. */
  readonly said: number;
  readonly problems: readonly string[];
}

/** Starts a server on data folders that are damaged in random ways, and holds what it serves and says against what was whole. */
export class FolderFuzz {
  readonly #folder: string;
  readonly #generations: Generations;
  /** Numbers that are gone with a unit, by unit. */
  readonly #rows = new Map<string, ReadonlySet<number>>();

  /** @param folder for copies */
  constructor(folder: string, generations: Generations) {
    this.#folder = folder;
    this.#generations = generations;
  }

  async run(seeds: readonly number[], onProgress: (done: number) => void = () => {}): Promise<FuzzResult> {
    const problems: string[] = [];
    let gone = 0;
    let said = 0;
    for (const [index, seed] of seeds.entries()) {
      const data = this.#copy('damaged');
      const damage = damageFolder(data, this.#generations, new Chance(seed));
      const what = `seed ${seed}, ${damage.kind} ${damage.paths.join(', ')}`;
      try {
        const seen = await this.#look(data, damage);
        gone += seen.gone;
        if (seen.said) said++;
        problems.push(...seen.problems.map((problem) => `${what}: ${problem}`));
      } catch (error) {
        problems.push(`${what}: ${(error as Error).stack?.slice(0, 2_000)}`);
      }
      onProgress(index + 1);
    }
    return { mutations: seeds.length, gone, said, problems };
  }

  async #look(data: string, damage: Damage) {
    const problems: string[] = [];
    const settings = { DATA_DIR: data };
    let server = await startHere(settings);
    let said: boolean;
    let gone: number[];
    try {
      const { status, impaired } = await server.get('/readyz');
      if (status !== 'ready') problems.push(`/readyz says ${status}`);
      said = JSON.stringify(impaired ?? {}) !== '{}';
      let times = await this.#numbers(server.url).catch((error: Error) => {
        if (!/cannot be read/.test(error.message)) throw error;
        return undefined;
      });
      if (!times) {
        // Bytes that rot are met by queries, which say so, and found by the doctor, who puts the part aside.
        said = true;
        await server.close();
        const repaired = await repair(settings);
        server = await startHere(settings);
        if (repaired === 0) problems.push('the doctor finds nothing where queries fail');
        times = await this.#numbers(server.url);
      }
      gone = times.flatMap((count, number) => (count === 0 ? [number] : []));
      const twice = times.filter((count) => count > 1).length;
      if (twice > 0) problems.push(`${twice} records are stored twice`);
      await Promise.all(this.#generations.bodies.map((body) => server.ingest(body, FUZZED_SENDER)));
      const again = (await this.#numbers(server.url)).filter((count) => count > 1).length;
      if (again > 0) problems.push(`${again} records are stored twice after all requests were repeated`);
    } finally {
      await server.close();
    }
    if (gone.length > 0) {
      const mayBeGone = new Set<number>();
      for (const unit of damage.units) for (const row of await this.#rowsOf(unit)) mayBeGone.add(row);
      const whole = gone.filter((number) => !mayBeGone.has(number));
      if (whole.length > 0)
        problems.push(`${whole.length} records are gone that were not in what was damaged`);
      if (damage.isKnowable && !said) problems.push(`${gone.length} records are gone silently`);
    }
    return { problems, said, gone: gone.length };
  }

  /** @throws Error with what the server says where it cannot read them */
  async #numbers(url: string): Promise<number[]> {
    const probe = await fetch(`${url}/api/v1/logs/search?q=service:${FUZZED_SERVICE}&limit=1000&order=asc`);
    if (!probe.ok) throw new Error(await probe.text());
    await probe.text();
    return readNumbers(url, FUZZED_SERVICE, this.#generations.records);
  }

  /** What is gone where a unit is not there at all. */
  async #rowsOf(unit: string): Promise<ReadonlySet<number>> {
    const known = this.#rows.get(unit);
    if (known) return known;
    const data = this.#copy('without-unit');
    // A unit of the past may not be there.
    rmSync(join(data, unit), { recursive: true, force: true });
    const server = await startHere({ DATA_DIR: data });
    try {
      const times = await this.#numbers(server.url);
      const rows = new Set(times.flatMap((count, number) => (count === 0 ? [number] : [])));
      this.#rows.set(unit, rows);
      return rows;
    } finally {
      await server.close();
    }
  }

  #copy(name: string): string {
    const data = join(this.#folder, name);
    rmSync(data, { recursive: true, force: true, maxRetries: 10 });
    cpSync(this.#generations.present, data, { recursive: true });
    return data;
  }
}

/** Has the doctor mend what it finds; gives how much that was. */
async function repair(settings: Record<string, string>): Promise<number> {
  const findings = await examine(readConfig(settings));
  const repairable = findings.filter(({ state, repair }) => state === 'problem' && repair);
  for (const finding of repairable) await finding.repair!();
  return repairable.length;
}
