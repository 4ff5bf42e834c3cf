import { basename, isAbsolute, join } from 'node:path';
import type { JobRun } from './job-run.ts';

/** Whose output a file holds. */
export interface FileOwner {
  readonly job_id: string;
  /** '' where the job is no array. */
  readonly array_task_id: string;
}

interface Candidate {
  readonly run: JobRun;
  /** The whole path; it has a wildcard for what only a step knows, such as a rank. */
  readonly path: RegExp;
}

/** Patterns with a wildcard that are looked at for one file. */
const MAX_PATTERNS = 5_000;
/** A word of a submit line; quotes are those of the shell that SLURM no longer has. */
const OUTPUT = /(?:^|\s)(?:-o\s*|--output[=\s])(\S+)/;
const ERROR = /(?:^|\s)(?:-e\s*|--error[=\s])(\S+)/;

/**
 * Which job wrote a file, as SLURM says: by the paths that it keeps, else by the pattern in the submit line, else by its own default; and, for files that
 * a step named, by a name that holds the job's name and number. A number alone says nothing: `resnet-152.out` is no job.
 */
export class JobFiles {
  readonly #exact = new Map<string, Candidate[]>();
  readonly #patterns: Candidate[] = [];
  readonly #byNumber = new Map<string, JobRun[]>();
  readonly #found = new Map<string, FileOwner | null>();

  constructor(runs: readonly JobRun[]) {
    for (const run of runs) {
      for (const pattern of outputsOf(run)) this.#add(run, pattern);
      for (const number of new Set([run.job_id, run.raw_id])) {
        const same = this.#byNumber.get(number);
        if (same) same.push(run);
        else this.#byNumber.set(number, [run]);
      }
    }
  }

  /** @param path absolute, or below the home folder of the cluster's user: `~/…` */
  ownerOf(path: string): FileOwner | undefined {
    let owner = this.#found.get(path);
    if (owner === undefined) {
      owner = this.#find(path) ?? null;
      this.#found.set(path, owner);
    }
    return owner ?? undefined;
  }

  #add(run: JobRun, pattern: string): void {
    const { source, isExact } = expand(run, pattern);
    const candidate = { run, path: new RegExp(`^${source}$`) };
    if (!isExact) {
      if (this.#patterns.length < MAX_PATTERNS) this.#patterns.push(candidate);
      return;
    }
    const name = basename(fill(run, pattern));
    const same = this.#exact.get(name);
    if (same) same.push(candidate);
    else this.#exact.set(name, [candidate]);
  }

  #find(path: string): FileOwner | undefined {
    const isWritten = ({ run, path: pattern }: Candidate) => pattern.test(inHome(path, run));
    const owners = [...(this.#exact.get(basename(path)) ?? []), ...this.#patterns].filter(isWritten);
    const found = owners.length > 0 ? owners.map(({ run }) => run) : this.#byName(path);
    const ids = new Set(found.map((run) => `${run.job_id} ${run.array_task_id}`));
    // A file that several jobs append to is no one's.
    if (new Set(found.map((run) => run.job_id)).size !== 1) return undefined;
    const [run] = found as [JobRun];
    return {
      job_id: run.job_id,
      array_task_id: ids.size === 1 ? run.array_task_id.replace(/^\+.*/, '') : '',
    };
  }

  #byName(path: string): JobRun[] {
    const name = basename(path);
    return Array.from(name.matchAll(/(?<![0-9A-Za-z])\d{1,10}(?![0-9])/g)).flatMap(([number]) =>
      (this.#byNumber.get(number) ?? []).filter(
        (run) =>
          run.name !== '' && name.includes(run.name) && inHome(path, run).startsWith(`${run.work_dir}/`),
      ),
    );
  }
}

/** A path below `~` with the home folder that the run's work folder shows, `/home/alice` of `/home/alice/logs`. */
function inHome(path: string, { work_dir, user }: JobRun): string {
  if (!path.startsWith('~/')) return path;
  const home = work_dir.indexOf(`/${user}`);
  return home < 0 ? path : `${work_dir.slice(0, home)}/${user}${path.slice(1)}`;
}

function outputsOf(run: JobRun): string[] {
  if (run.stdout !== '' || run.stderr !== '') return [run.stdout, run.stderr].filter((path) => path !== '');
  if (run.work_dir === '' || !/\bsbatch\b|^$/.test(run.submit_line)) return [];
  // What stands behind `--wrap` is the job's own script.
  const [options = ''] = run.submit_line.split(/\s--wrap[=\s]/, 1);
  const isArray = run.array_task_id !== '' && !run.array_task_id.startsWith('+');
  const output = OUTPUT.exec(options)?.[1] ?? (isArray ? 'slurm-%A_%a.out' : 'slurm-%j.out');
  const error = ERROR.exec(options)?.[1];
  return error === undefined ? [output] : [output, error];
}

/** `%3t`: with zeros in front. */
const SPECIFIER = /%(\d*)([%AaJjNntuxsb])/g;
const OF_STEP = new Set(['N', 'n', 't', 's', 'J']);

/** The path with everything that is known of a run. */
function fill(run: JobRun, pattern: string): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    A: run.job_id,
    a: run.array_task_id,
    j: run.raw_id,
    u: run.user,
    x: run.name,
    b: String(Number(run.array_task_id) % 10),
  };
  return pattern.replace(SPECIFIER, (written, width: string, letter: string) => {
    const value = values[letter];
    if (value === undefined) return written;
    return /^\d+$/.test(value) ? value.padStart(Number(width), '0') : value;
  });
}

function expand(run: JobRun, pattern: string): { source: string; isExact: boolean } {
  const isExact = !Array.from(pattern.matchAll(SPECIFIER)).some(([, , letter]) => OF_STEP.has(letter!));
  const filled = fill(run, pattern);
  const whole = isAbsolute(filled) ? filled : join(run.work_dir, filled);
  const source = whole
    .split(/(%\d*[NntsJ])/)
    .map((part, index) =>
      index % 2 === 0 ? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : wildcard(part, run),
    )
    .join('');
  return { source, isExact };
}

function wildcard(part: string, run: JobRun): string {
  if (part.endsWith('N')) return '[\\w.-]+';
  return part.endsWith('J') ? `${run.raw_id}(?:\\.\\w+)?` : '\\d+';
}
