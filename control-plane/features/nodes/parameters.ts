import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import type { Timestamp } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { describe, flag, optionalText, type ParameterValues, wholeNumber } from '../../http/parameters.ts';
import { parseFilter } from '../../query/log-filter.ts';
import { ENTRY_LEVELS } from './node-entry.ts';
import { MAX_READ, type NodeFilter } from './read-node.ts';

/** Select entries of a node's log. */
export const SELECTION = {
  tail: describe(wholeNumber(0, MAX_READ, 100), 'The most entries to return, the newest ones'),
  since: describe(optionalText, 'Only entries after this time, RFC 3339', '2026-06-04T08:00:00Z'),
  level: describe(optionalText, `One of ${ENTRY_LEVELS.join(', ')}, or several separated by commas`, 'error'),
  q: describe(optionalText, 'A query of the query language', 'phase:installing "pip"'),
};

export const FOLLOW = {
  follow: describe(flag(true), 'False ends the stream after the stored entries'),
  after: describe(
    optionalText,
    'Continue after the event of this id, as the header `Last-Event-ID` does',
    '1780560930250000',
  ),
};

const NODE_ID = /^[A-Za-z0-9._:@-]{1,128}$/;

export function toNodeFilter({ tail, since, level, q }: ParameterValues<typeof SELECTION>): NodeFilter {
  const time = readSince(since);
  for (const word of level?.split(',') ?? []) {
    if (!ENTRY_LEVELS.includes(word.toLowerCase() as (typeof ENTRY_LEVELS)[number])) {
      throw badRequest(`level: expected one or more of ${ENTRY_LEVELS.join(', ')}, got "${level}"`);
    }
  }
  const chooses = q !== undefined || level !== undefined;
  return {
    matches: chooses ? parseFilter({ q, equal: { level } }).matches : () => true,
    since: time && time.seconds * 1000 + time.nanos / 1e6,
    tail,
    all: !chooses && time === undefined,
  };
}

/** @throws LogplaneError `bad_request` in the words of requirements 3 */
export function readSince(since: string | undefined): Timestamp | undefined {
  if (since === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(since) ? parseTimestamp(since, utc) : undefined;
  if (!time) throw badRequest("invalid 'since' timestamp format");
  return time;
}

/** @throws LogplaneError `bad_request` */
export function readNodeId(id: unknown): string {
  if (typeof id === 'string' && NODE_ID.test(id)) return id;
  throw badRequest(`node id: expected 1 to 128 letters, digits and . _ : @ -, got ${JSON.stringify(id)}`);
}
