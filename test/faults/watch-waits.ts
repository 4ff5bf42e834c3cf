/** Asks a server every 20 ms and keeps how long each answer took: a process of its own, for its clock must not stand still with anybody's. */
const [url] = process.argv.slice(2);
const PATHS = ['/healthz', '/api/v1/logs/count'] as const;

/** The longest waits since the last report, in milliseconds; p99.9 of fewer than 1,000 is the longest. */
export type Waits = Readonly<
  Record<(typeof PATHS)[number], { readonly asked: number; readonly p999: number; readonly most: number }>
>;

let waits = new Map<string, number[]>(PATHS.map((path) => [path, []]));

async function ask(path: string): Promise<void> {
  const into = waits.get(path)!;
  const started = performance.now();
  try {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(60_000) });
    await response.arrayBuffer();
  } finally {
    into.push(performance.now() - started);
  }
}

setInterval(() => {
  for (const path of PATHS) ask(path).catch(() => {});
}, 20);

process.on('message', () => {
  const report = Object.fromEntries(
    [...waits].map(([path, times]) => {
      const sorted = times.sort((a, b) => a - b);
      const p999 = sorted[Math.floor((sorted.length * 999) / 1000)] ?? 0;
      return [path, { asked: sorted.length, p999, most: sorted.at(-1) ?? 0 }];
    }),
  );
  waits = new Map(PATHS.map((path) => [path, []]));
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));
