import { badRequest } from './errors.ts';

/**
 * The event loop is shared: whoever computes for long looks at `isTurnOver` now and then, and waits for `nextTurn` when it is. All
 * ingest of the process has one turn in each round of the loop, so that two large requests hold up others no longer than one does.
 */
const TURN_MILLISECONDS = 4;

let begun = false;
let endsAt = 0;
const waiting: (() => void)[] = [];
let ended = 0;

/** True when this round's share of the loop is used up. Costs as much as reading the clock. */
export function isTurnOver(): boolean {
  if (!begun) begin();
  return performance.now() >= endsAt;
}

/** Resolves in a later round of the loop, first come, first served. */
export function nextTurn(): Promise<void> {
  if (!begun) begin();
  ended++;
  return new Promise((resolve) => waiting.push(resolve));
}

/**
 * Lets others have the loop where this turn is over.
 * @throws LogplaneError where nobody waits for the work any more: `signal` is aborted
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  if (isTurnOver()) await nextTurn();
  if (signal?.aborted) throw badRequest('the sender left before the answer; send it again');
}

/** How often work was interrupted for others since the process started. */
export function turnsEnded(): number {
  return ended;
}

function begin(): void {
  begun = true;
  endsAt = performance.now() + TURN_MILLISECONDS;
  setImmediate(endRound);
}

function endRound(): void {
  begun = false;
  const next = waiting.shift();
  if (next === undefined) return;
  begin();
  next();
}
