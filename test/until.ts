import { setTimeout } from 'node:timers/promises';

/** Waits until `check` gives something, up to a bound that only a defect reaches. */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await setTimeout(50);
  }
}
