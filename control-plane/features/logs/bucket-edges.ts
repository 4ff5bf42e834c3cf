import { dayOf, mondayOf, startOfDay } from '../../query/calendar.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;

/**
 * The starts of a histogram's buckets, and the end of the last one, in nanoseconds since 1970. Buckets of days begin at midnight by the clocks of
 * a zone, those of weeks on Mondays; where clocks change a day has 23 or 25 hours. All others are multiples of their length since 1970.
 * @param limit buckets beyond which no more are made
 */
export function bucketEdges(
  from: bigint,
  to: bigint,
  step: bigint,
  timezone: string,
  limit: number,
): bigint[] {
  const edgeAt =
    step % DAY === 0n ? dayEdges(from, Number(step / DAY), timezone) : edges(floor(from, step), step);
  const found = [edgeAt(0)];
  while (found.at(-1)! < to && found.length <= limit + 1) found.push(edgeAt(found.length));
  return found;
}

function edges(start: bigint, step: bigint): (index: number) => bigint {
  return (index) => start + BigInt(index) * step;
}

function dayEdges(from: bigint, days: number, timezone: string): (index: number) => bigint {
  const day = dayOf(Number(floor(from, SECOND) / SECOND), timezone);
  const first = days % 7 === 0 ? mondayOf(day) : Math.floor(day / days) * days;
  return (index) => BigInt(startOfDay(first + index * days, timezone)) * SECOND;
}

/** The length of equal pieces that all buckets consist of. */
export function commonPiece(edges: readonly bigint[]): bigint {
  let piece = 0n;
  for (let index = 1; index < edges.length; index++)
    piece = greatestDivisor(edges[index]! - edges[0]!, piece);
  return piece;
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b);
}

/** The largest multiple of a step that is not above a value, also before 1970. */
export function floor(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return rest < 0n ? value - rest - step : value - rest;
}
