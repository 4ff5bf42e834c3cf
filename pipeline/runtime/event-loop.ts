import { badRequest } from './errors.ts';

/**
 * The event loop is shared: long computations call `isTimeSliceOver` now and then, and await `yieldToEventLoop` when it is. All ingest of
 * the process has one time slice in each round of the loop, so that two large requests hold up others no longer than one does.
 */
const SLICE_MILLISECONDS = 4;

let begun = false;
let endsAt = 0;
const waiting: (() => void)[] = [];
let yields = 0;

/** True when the time slice of this round is used up. Costs as much as reading the clock. */
export function isTimeSliceOver(): boolean {
  if (!begun) begin();
  return performance.now() >= endsAt;
}

/** Resolves in a later round of the loop, first come, first served. */
export function yieldToEventLoop(): Promise<void> {
  if (!begun) begin();
  yields++;
  return new Promise((resolve) => waiting.push(resolve));
}

/**
 * Yields to the event loop where the time slice is over.
 * @throws LogplaneError `bad_request` when `signal` is aborted: the sender no longer waits for the work
 */
export async function yieldWhenDue(signal: AbortSignal | undefined): Promise<void> {
  if (isTimeSliceOver()) await yieldToEventLoop();
  if (signal?.aborted)
    throw badRequest('the client disconnected before the response; send the request again');
}

/** How many times work has yielded to the event loop since the process started. */
export function yieldCount(): number {
  return yields;
}

function begin(): void {
  begun = true;
  endsAt = performance.now() + SLICE_MILLISECONDS;
  setImmediate(endRound);
}

function endRound(): void {
  begun = false;
  const next = waiting.shift();
  if (next === undefined) return;
  begin();
  next();
}
