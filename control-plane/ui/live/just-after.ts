/** RFC 3339 just behind a time of any precision: for `to`, which is exclusive. */
export function justAfter(timestamp: string): string {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(timestamp)!;
  const nanos = Number(fraction.padEnd(9, '0').slice(0, 9)) + 1;
  if (nanos < 1_000_000_000) return `${seconds}.${String(nanos).padStart(9, '0')}Z`;
  return new Date(Date.parse(`${seconds}Z`) + 1000).toISOString();
}
