/** Asks a server every 20 ms, for counts five times a second, and keeps how long each answer took: a process of its own, for its clock must not stand still with anybody's. */
const [url] = process.argv.slice(2);
/** A count costs the engine 20 to 40 ms beside other work: more of them would wait for each other. */
const EVERY_MS = { '/healthz': 20, '/api/v1/logs/count': 200 } as const;
type Path = keyof typeof EVERY_MS;
const PATHS = Object.keys(EVERY_MS) as Path[];

/** The longest waits since the last report, in milliseconds; p99.9 of fewer than 1,000 is the longest. */
export type Waits = Readonly<
  Record<Path, { readonly asked: number; readonly p999: number; readonly most: number }>
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

for (const path of PATHS) setInterval(() => ask(path).catch(() => {}), EVERY_MS[path]);

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
