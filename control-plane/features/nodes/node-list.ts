import type { ChainableCommander, Redis } from 'ioredis';

/** A part of a Redis list. */
export interface ListPart {
  readonly texts: string[];
  /** Index of the first entry. */
  readonly start: number;
  /** Requested entries beyond the bound in bytes. */
  readonly leftOut: number;
}

export interface ListRange {
  /** Index of the first entry to read; negative: the number of newest entries. */
  readonly from: number;
  readonly maxEntries: number;
  /** Of all entries together; one entry is always returned. */
  readonly maxBytes: number;
}

type Answer = [texts: string[], start: number, leftOut: number];

/** Of a longer entry only the beginning is read, because anybody may push to the lists. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const CHUNK = 100;

/** Reads in chunks and stops at the bound, so that neither Redis nor this process ever holds more than the bound and a chunk. */
const READ = `
local from, max_entries, max_bytes, max_entry_bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local length = redis.call('LLEN', KEYS[1])
local newest = from < 0
local wanted = newest and math.min(-from, max_entries, length) or math.max(0, math.min(max_entries, length - from))
local texts, bytes, full = {}, 0, false
while #texts < wanted and not full do
  local count = math.min(${CHUNK}, wanted - #texts)
  local first = newest and length - #texts - count or from + #texts
  local chunk = redis.call('LRANGE', KEYS[1], first, first + count - 1)
  for i = 1, count do
    local text = string.sub(chunk[newest and count + 1 - i or i], 1, max_entry_bytes)
    bytes = bytes + #text
    if bytes > max_bytes and #texts > 0 then full = true break end
    texts[#texts + 1] = text
  end
end
if newest then
  for i = 1, math.floor(#texts / 2) do texts[i], texts[#texts + 1 - i] = texts[#texts + 1 - i], texts[i] end
end
return {texts, newest and length - #texts or from, wanted - #texts}`;

/** @throws the error of Redis, also where the key is no list (`WRONGTYPE`) */
export async function readList(redis: Redis, key: string, range: ListRange): Promise<ListPart> {
  return toPart((await redis.eval(READ, 1, key, ...argumentsOf(range))) as Answer);
}

/** Adds the read to a pipeline; `toPart` reads its result. */
export function addReadList(pipeline: ChainableCommander, key: string, range: ListRange): void {
  pipeline.eval(READ, 1, key, ...argumentsOf(range));
}

export function toPart(answer: unknown): ListPart {
  const [texts, start, leftOut] = answer as Answer;
  return { texts, start, leftOut };
}

function argumentsOf({ from, maxEntries, maxBytes }: ListRange): number[] {
  return [from, maxEntries, maxBytes, MAX_ENTRY_BYTES];
}
