import { loadState, saveState } from '../../runtime/state-file.ts';
import { type FileSpan, hashFileName } from '../../store/request-progress.ts';
import type { CollectedPart } from '../sources/files/collected-batch.ts';
import {
  add,
  close,
  FileProgress,
  type Generation,
  giveUp,
  type Hole,
  type HoleReason,
  holesOf,
  remove,
  storedBytes,
} from './file-progress.ts';
import type { FilePosition } from './shipped-line.ts';

/** A file and what is known of its bytes. */
export interface LedgerFile {
  readonly machine_id: string;
  readonly file_path: string;
  readonly bytes_written: number;
  readonly bytes_stored: number;
  readonly holes: readonly Hole[];
}

export type FoundHole = Hole & Pick<LedgerFile, 'machine_id' | 'file_path'>;

/** What a machine's collector says of its files. */
export interface FilesReport {
  /** The files that it has open. */
  readonly files: readonly ReportedFile[];
  /** Contents that were truncated, each with its last known size, in order. */
  readonly truncated: readonly ReportedFile[];
  /** What it has counted since its start; where a count has grown, it is the reason of what is missing. */
  readonly counts: Partial<Readonly<Record<CountedReason, number>>>;
  /** When it was started, in milliseconds since 1970: a later start shows that it was killed. */
  readonly startedAt: number | undefined;
}

export interface ReportedFile {
  readonly path: string;
  readonly inode: string;
  readonly size: number;
}

export type CountedReason = Extract<HoleReason, 'full disk' | 'skipped line'>;

interface Machine {
  startedAt: number | undefined;
  /** The contents of its open files, by the numbers of these. */
  readonly inodes: Map<string, Generation>;
  readonly counts: Map<CountedReason, number>;
  /** When each count was last seen to have grown, in milliseconds since 1970. */
  readonly grown: Map<HoleReason, number>;
}

const MAX_FILES = 20_000;
const MAX_MACHINES = 20_000;
/** Files of which nothing was heard for so long are forgotten. */
const FORGET_MS = 7 * 24 * 3_600_000;
/** Bytes that are missing for so long will not come any more: senders try again every 30 seconds. */
const GIVE_UP_MS = 90_000;
/** A count that grew so long before or after is the reason of a hole. */
const REASON_MS = 120_000;
const COUNTED: readonly CountedReason[] = ['full disk', 'skipped line'];
/** Starts are known to the second. */
const START_MS = 5_000;

export function nameOfFile(machineId: string, filePath: string): string {
  return `${machineId}\0${filePath}`;
}

/**
 * What was written into each file, as far as that is known, against what has come of it. A pure memory of spans; `saveTo` keeps it
 * over a restart, together with the spans in the rows since then.
 */
export class FileLedger {
  /** The one that was heard of last is the last one. */
  readonly #files = new Map<string, FileProgress>();
  readonly #byHash = new Map<number, FileProgress>();
  readonly #machines = new Map<string, Machine>();
  /** True where files were added that are in no saved state: their spans in the rows cannot be told whose they are. */
  hasNewFiles = false;

  get size(): number {
    return this.#files.size;
  }

  /** What is known of a file, which is new where nothing is. */
  fileOf(name: string, now: number): FileProgress {
    let file = this.#files.get(name);
    if (!file) {
      file = new FileProgress();
      this.#files.set(name, file);
      this.#byHash.set(hashFileName(name), file);
      this.hasNewFiles = true;
      if (this.#files.size > MAX_FILES) this.#forget(this.#files.keys().next().value!);
    }
    file.seenAt = now;
    return file;
  }

  /** The content that a line of an earlier process is part of. */
  generationAt({ file, from }: FilePosition): Generation | undefined {
    return this.#files.get(file)?.generations.findLast(({ first, next }) => first <= from && from < next);
  }

  /** Notes that spans are stored: those of the rows behind the saved state, which may hold some of them. */
  addStored(spans: readonly FileSpan[], now: number): void {
    for (const [hash, number, from, to] of spans) {
      const file = this.#byHash.get(hash);
      if (!file) continue;
      file.seenAt = now;
      const known = file.generations.find((generation) => generation.number === number);
      if (!known && number < (file.latest?.number ?? 0)) continue;
      add(known ?? file.begin(from, from, number), { from, to }, now);
    }
  }

  /** Notes that lines are not stored, so that they come again. */
  removeStored(spans: readonly FileSpan[], now: number): void {
    for (const [hash, number, from, to] of spans) {
      const generations = this.#byHash.get(hash)?.generations ?? [];
      const known = generations.find((generation) => generation.number === number);
      if (known) remove(known, { from, to }, now);
    }
  }

  /** Notes what a collector of this server has stored. */
  addCollected(name: string, part: CollectedPart, now: number): void {
    const content = this.#contentOf(name, part, now);
    // It reads a file in order: what it has passed over was blank.
    add(content, { from: Math.min(content.next, part.from), to: part.to }, now);
  }

  /** Notes what a collector of this server will not find any more, because its file was truncated. */
  addLost(name: string, part: CollectedPart, now: number): void {
    const content = this.#contentOf(name, part, now);
    close(content, part.to, 'truncation', now);
    giveUp(content, now);
  }

  #contentOf(name: string, { content, from }: CollectedPart, now: number): Generation {
    const file = this.fileOf(name, now);
    const known = file.generations.find(({ inode }) => inode === content);
    if (known) return known;
    // Collectors read from the first byte on: what came before this was stored before a kill that the saved state does not know of.
    const begun = file.begin(0, from);
    begun.inode = content;
    return begun;
  }

  /** Takes a report of what was written on a machine. */
  addReport(machineId: string, { files, truncated, counts, startedAt }: FilesReport, now: number): void {
    const machine = this.#machineOf(machineId);
    this.#noteCounts(machine, counts, now);
    if (startedAt !== undefined) {
      if (startedAt - (machine.startedAt ?? startedAt) > START_MS) machine.grown.set('kill', now);
      machine.startedAt = startedAt;
    }
    for (const { path, inode, size } of truncated) {
      const file = this.#files.get(nameOfFile(machineId, path));
      const cut = file?.generations.find(
        (generation) => !generation.isClosed && (generation.inode === '' || generation.inode === inode),
      );
      if (!file || !cut) continue;
      close(cut, size, 'truncation', now);
      if (cut === file.latest) file.begin(0, 0).inode = inode;
    }
    const present = new Set<string>();
    for (const { path, inode, size } of files) {
      present.add(inode);
      const generation = this.#generationOf(machineId, machine, { path, inode });
      // What has not shipped a line yet has its offsets from the first one on.
      if (!generation) continue;
      generation.inode = inode;
      generation.isClosed = false;
      if (size > generation.written) generation.written = size;
      machine.inodes.set(inode, generation);
    }
    for (const [inode, generation] of machine.inodes) {
      if (present.has(inode)) continue;
      machine.inodes.delete(inode);
      if (!generation.isClosed) close(generation, generation.written, 'rotation', now);
    }
  }

  /** The content of a file that is open on its machine. */
  #generationOf(
    machineId: string,
    machine: Machine,
    { path, inode }: Pick<ReportedFile, 'path' | 'inode'>,
  ): Generation | undefined {
    const file = this.#files.get(nameOfFile(machineId, path));
    const renamed = machine.inodes.get(inode);
    const latest = file?.latest;
    if (!latest) return renamed;
    if (latest.inode === inode) return latest;
    if (latest.inode !== '')
      return file.generations.find((other) => other.inode === inode) ?? file.begin(0, 0);
    // A file that was renamed goes on under its new name: what it had under the old one ends there.
    if (renamed && !file.generations.includes(renamed)) {
      renamed.isClosed = true;
      renamed.written = renamed.next;
    }
    return latest;
  }

  /** Gives up what has been missing for long, and forgets files of which nothing was heard for long. */
  expire(now: number): void {
    for (const [name, file] of this.#files) {
      if (now - file.seenAt > FORGET_MS) this.#forget(name);
      for (const generation of file.generations) {
        giveUp(generation, now - GIVE_UP_MS);
        this.#explain(machineOf(name), generation);
      }
    }
  }

  /** Holes that were not reported yet. @param limit the most of them */
  takeUnreported(limit: number): FoundHole[] {
    const found: FoundHole[] = [];
    for (const [name, { generations }] of this.#files) {
      for (const { number, gaps } of generations) {
        for (const gap of gaps) {
          if (gap.isPending || gap.isReported || found.length === limit) continue;
          gap.isReported = true;
          const { from, to, reason } = gap;
          found.push({ ...namesOf(name), from, to, reason, generation: number });
        }
      }
    }
    return found;
  }

  /** Bytes that are missing for good, and the number of files that miss any. */
  get missing(): { readonly files: number; readonly bytes: number } {
    const missing = { files: 0, bytes: 0 };
    for (const file of this.#files.values()) {
      const holes = allHoles(file);
      if (holes.length > 0) missing.files++;
      for (const { from, to } of holes) missing.bytes += to - from;
    }
    return missing;
  }

  /** The files, of one machine or of all, those with holes first. */
  report(machineId?: string): LedgerFile[] {
    const files: LedgerFile[] = [];
    for (const [name, file] of this.#files) {
      const { generations, old } = file;
      const names = namesOf(name);
      if (machineId !== undefined && names.machine_id !== machineId) continue;
      files.push({
        ...names,
        bytes_written: generations.reduce((sum, { written, first }) => sum + written - first, old.written),
        bytes_stored: generations.reduce((sum, generation) => sum + storedBytes(generation), old.stored),
        holes: allHoles(file),
      });
    }
    return files.sort((a, b) => b.holes.length - a.holes.length || (a.file_path < b.file_path ? -1 : 1));
  }

  async saveTo(path: string): Promise<void> {
    const files = [...this.#files].map(([name, { generations, old, seenAt }]) => ({
      name,
      generations,
      old,
      seenAt,
    }));
    const started = [...this.#machines].map(([machineId, { startedAt }]) => [machineId, startedAt]);
    await saveState(path, JSON.stringify({ savedAt: Date.now(), files, started }));
  }

  /** @returns when the state was saved, in milliseconds since 1970; undefined where there is none */
  async loadFrom(path: string): Promise<number | undefined> {
    const text = await loadState(path);
    if (text === undefined) return undefined;
    const { savedAt, files, started } = JSON.parse(text) as {
      savedAt: number;
      files: {
        name: string;
        generations: Generation[];
        old: FileProgress['old'];
        seenAt: number;
      }[];
      started: [machineId: string, startedAt: number | null][];
    };
    for (const [machineId, startedAt] of started)
      this.#machineOf(machineId).startedAt = startedAt ?? undefined;
    for (const { name, generations, old, seenAt } of files) {
      const file = this.fileOf(name, seenAt);
      file.generations.push(...generations);
      Object.assign(file.old, old);
      const { inodes } = this.#machineOf(machineOf(name));
      // Those of the server's own collector are named by their contents.
      for (const generation of generations)
        if (!generation.isClosed && generation.inode.includes(':')) inodes.set(generation.inode, generation);
    }
    return savedAt;
  }

  #forget(name: string): void {
    this.#files.delete(name);
    this.#byHash.delete(hashFileName(name));
  }

  #machineOf(machineId: string): Machine {
    let machine = this.#machines.get(machineId);
    if (!machine) {
      machine = { startedAt: undefined, inodes: new Map(), counts: new Map(), grown: new Map() };
      this.#machines.set(machineId, machine);
      if (this.#machines.size > MAX_MACHINES) this.#machines.delete(this.#machines.keys().next().value!);
    }
    return machine;
  }

  #noteCounts(machine: Machine, counts: FilesReport['counts'], now: number): void {
    for (const reason of COUNTED) {
      const count = counts[reason];
      if (count === undefined) continue;
      // A count that is lower began anew, with a restart of its collector.
      const before = machine.counts.get(reason) ?? count;
      if (count > before || (count < before && count > 0)) machine.grown.set(reason, now);
      machine.counts.set(reason, count);
    }
  }

  #explain(machineId: string, { gaps }: Generation): void {
    const grown = this.#machines.get(machineId)?.grown;
    if (!grown) return;
    for (const gap of gaps) {
      if (gap.reason !== 'unknown') continue;
      const reason = ([...COUNTED, 'kill'] as const).find(
        (counted) => Math.abs((grown.get(counted) ?? Number.NEGATIVE_INFINITY) - gap.since) < REASON_MS,
      );
      if (reason) gap.reason = reason;
    }
  }
}

function allHoles({ old, generations }: FileProgress): Hole[] {
  return [...old.holes, ...generations.flatMap(holesOf)];
}

function namesOf(name: string): Pick<LedgerFile, 'machine_id' | 'file_path'> {
  const machine_id = machineOf(name);
  return { machine_id, file_path: name.slice(machine_id.length + 1) };
}

function machineOf(name: string): string {
  return name.slice(0, name.indexOf('\0'));
}
