import { visitRawMembers } from '../../record/raw-json.ts';
import { MAX_RECORD_BYTES, type SourceText } from '../sources/record-limits.ts';

/** A part of a line that docker's `fluentd` driver cut, because it is longer than 16 KB. */
export interface PartialLine {
  readonly id: string;
  readonly ordinal: number;
  readonly isLast: boolean;
  readonly text: string;
}

const PARTIAL_KEYS = new Set(['partial_message', 'partial_id', 'partial_ordinal', 'partial_last']);
/** Lines that may be open at once. */
const MAX_OPEN = 64;

/** Reads the JSON text of a record; undefined where it is no part of a line. */
export function readPartial(text: string): PartialLine | undefined {
  if (!text.includes('"partial_id"')) return undefined;
  try {
    const { log, partial_id, partial_ordinal, partial_last } = JSON.parse(text) as Record<string, unknown>;
    const ordinal = Number(partial_ordinal);
    if (typeof log !== 'string' || typeof partial_id !== 'string' || !(ordinal >= 1)) return undefined;
    return { id: partial_id, ordinal, isLast: String(partial_last) === 'true', text: log };
  } catch {
    return undefined;
  }
}

/** The JSON text of a record with the whole line in `log`, made of its first part. */
export function joinPartial(first: string, log: string): string {
  const members: string[] = [];
  visitRawMembers(first, (key, json) => {
    if (!PARTIAL_KEYS.has(key))
      members.push(`${JSON.stringify(key)}:${key === 'log' ? JSON.stringify(log) : json}`);
  });
  return `{${members.join(',')}}`;
}

interface OpenLine {
  readonly texts: string[];
  log: string;
}

/**
 * Puts the parts of lines together that are in one request. Parts whose others are missing are passed on as they are, in their order, at the
 * end or where they are too many. Yields undefined where a part waits.
 */
export function* joinPartials(texts: Iterable<SourceText>): Generator<SourceText> {
  const open = new Map<string, OpenLine>();
  for (const text of texts) {
    const partial = typeof text === 'string' ? readPartial(text) : undefined;
    if (!partial) {
      yield text;
      continue;
    }
    const { id, ordinal, isLast } = partial;
    const line = open.get(id) ?? { texts: [], log: '' };
    if (ordinal !== line.texts.length + 1 || line.log.length + partial.text.length > MAX_RECORD_BYTES) {
      open.delete(id);
      yield* line.texts;
      yield text;
      continue;
    }
    line.texts.push(text as string);
    line.log += partial.text;
    open.set(id, line);
    if (isLast) {
      open.delete(id);
      yield joinPartial(line.texts[0]!, line.log);
    } else if (open.size > MAX_OPEN) {
      const [oldest] = open;
      open.delete(oldest![0]);
      yield* oldest![1].texts;
    } else yield undefined;
  }
  for (const { texts: rest } of open.values()) yield* rest;
}
