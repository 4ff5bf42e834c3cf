/** One for the process: several loggers may write into the same files. */
let last = 0;

/** Microseconds since 1970, strictly rising within the process, so that they also serve as ids. */
export function nowMicroseconds(): number {
  const sub = Math.floor((performance.now() % 1) * 1000);
  last = Math.max(Date.now() * 1000 + sub, last + 1);
  return last;
}

/** `2025-06-26T10:30:45.123456`, in UTC and without a zone. */
export function formatMicroseconds(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const sub = String(microseconds - milliseconds * 1000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${sub}`;
}
