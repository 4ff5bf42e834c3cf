import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { severityOfWord } from '../../../pipeline/record/severity.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { ALL_PHASES, isPhase, type Phase } from './launch-phase.ts';

export const ENTRY_LEVELS = ['info', 'warn', 'error', 'debug'] as const;
export type EntryLevel = (typeof ENTRY_LEVELS)[number];

/** One line of a node's log, in the form of the Redis list and of every response. */
export interface NodeEntry {
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly level: EntryLevel;
  readonly message: string;
  readonly phase: Phase;
  /** Percent; a failed launch has none. */
  readonly progress?: number;
  readonly details?: string;
  /** URL of an active node. */
  readonly endpoint?: string;
  /** Name of the launch, in its first entry. */
  readonly name?: string;
  readonly event_type?: string;
}

/** An entry as an orchestrator sends it; missing fields are filled from the launch so far. */
export type EntryDraft = Omit<Partial<NodeEntry>, 'message'> & { readonly message: string };

const MAX_ENTRIES = 1_000;
const MAX_TEXT_CHARACTERS = 64 * 1024;

/**
 * Reads a posted body: one entry or an array of them.
 * @throws LogplaneError `bad_request` that names the field, what it takes and what came
 */
export function readDrafts(body: unknown): EntryDraft[] {
  const items = Array.isArray(body) ? body : [body];
  if (items.length === 0 || items.length > MAX_ENTRIES) {
    throw badRequest(`expected one log entry or an array of 1 to ${MAX_ENTRIES}, got ${items.length}`);
  }
  return items.map(readDraft);
}

function readDraft(item: unknown): EntryDraft {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw badRequest(`expected a log entry {"message", "level"?, "phase"?, …}, got ${JSON.stringify(item)}`);
  }
  const given = item as Readonly<Record<string, unknown>>;
  const message = readText(given, 'message');
  if (message === undefined) throw badRequest('message: expected a text, got none');
  return withoutUndefined({
    message,
    timestamp: readTime(given),
    level: readLevel(given),
    phase: readPhase(given),
    progress: readProgress(given),
    details: readText(given, 'details'),
    endpoint: readText(given, 'endpoint'),
  });
}

/** Reads an entry that another program pushed to the Redis list. Invalid fields are ignored, because there is no sender to report to. */
export function readForeignEntry(text: string): EntryDraft {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { message: text };
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return { message: text };
  const draft: Record<string, unknown> = { ...given };
  const checks = { timestamp: readTime, level: readLevel, phase: readPhase, progress: readProgress };
  for (const [name, check] of Object.entries(checks)) {
    try {
      draft[name] = check(draft);
    } catch {
      delete draft[name];
    }
  }
  for (const name of ['details', 'endpoint', 'name', 'event_type']) {
    if (typeof draft[name] !== 'string') delete draft[name];
  }
  return withoutUndefined({ ...draft, message: typeof draft.message === 'string' ? draft.message : text });
}

type Given = Readonly<Record<string, unknown>>;

function readText(given: Given, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > MAX_TEXT_CHARACTERS) {
    throw badRequest(
      `${name}: expected a text of at most ${MAX_TEXT_CHARACTERS} characters, got ${short(value)}`,
    );
  }
  return value;
}

function readTime({ timestamp }: Given): string | undefined {
  if (timestamp === undefined || timestamp === null) return undefined;
  const time = typeof timestamp === 'string' ? parseTimestamp(timestamp, utc) : undefined;
  if (!time) throw badRequest(`timestamp: expected RFC 3339, got ${short(timestamp)}`);
  return formatTimestamp(time);
}

function readLevel({ level }: Given): EntryLevel | undefined {
  if (level === undefined || level === null) return undefined;
  const known = typeof level === 'string' ? severityOfWord(level)?.level : undefined;
  if (!known) throw badRequest(`level: expected one of ${ENTRY_LEVELS.join(', ')}, got ${short(level)}`);
  return known === 'fatal' ? 'error' : known;
}

function readPhase({ phase }: Given): Phase | undefined {
  if (phase === undefined || phase === null) return undefined;
  if (!isPhase(phase))
    throw badRequest(`phase: expected one of ${ALL_PHASES.join(', ')}, got ${short(phase)}`);
  return phase;
}

function readProgress({ progress }: Given): number | undefined {
  if (progress === undefined || progress === null) return undefined;
  if (typeof progress !== 'number' || !(progress >= 0 && progress <= 100)) {
    throw badRequest(`progress: expected a number from 0 to 100, got ${short(progress)}`);
  }
  return progress;
}

function short(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? String(value);
}

function withoutUndefined<T extends object>(value: T): EntryDraft {
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined),
  ) as unknown as EntryDraft;
}
