import { z } from 'zod';

export const TOOK_MS = z.number().describe('Milliseconds that the answer took');

/** What an answer tells about its own time, in milliseconds. */
export function tookMs(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
