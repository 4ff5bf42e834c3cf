/** What an answer tells about its own time, in milliseconds. */
export function tookMs(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
