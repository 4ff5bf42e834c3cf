/** Deterministic numbers (mulberry32), so that every run sends the same bytes. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SERVICES = ['vllm', 'client', 'server', 'vector-db', 'monitoring'];
const LEVELS = ['INFO', 'INFO', 'INFO', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR', 'DEBUG'];
const VERBS = ['Received', 'Finished', 'Scheduled', 'Preempted', 'Loaded', 'Evicted', 'Retried', 'Flushed'];
const NOUNS = [
  'request',
  'batch',
  'prefill',
  'decode step',
  'shard',
  'collection',
  'embedding',
  'checkpoint',
];

/**
 * One line of the fleet workload, about 300 bytes: what Fluent Bit ships of structured service logs, with
 * machine metadata. One line in 100,000 holds the word `unobtainium`.
 */
export function fleetLine(index: number, startMilliseconds: number, random: () => number): string {
  const pick = (values: readonly string[]) => values[Math.floor(random() * values.length)]!;
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  const service = pick(SERVICES);
  const machine = Math.floor(random() * 20);
  const time = new Date(startMilliseconds + index / 10)
    .toISOString()
    .replace('Z', `${String(index % 10)}00Z`);
  const rare = index % 100_000 === 4_242 ? ' unobtainium' : '';
  const message = `${pick(VERBS)} ${pick(NOUNS)} cmpl-${hex(8)}: ${Math.floor(random() * 4096)} tokens, KV cache usage ${(random() * 100).toFixed(1)}%${rare}`;
  return `{"timestamp":"${time}","level":"${pick(LEVELS)}","message":"${message}","service":"${service}","machine_id":"machine-${machine}","worker_id":"worker-${machine}-${Math.floor(random() * 4)}","deployment_env":"production","region":"us-west1","file_path":"/workspace/logs/${service}-${machine}.log","duration_ms":${(random() * 2000).toFixed(2)},"pid":${Math.floor(random() * 60000)}}`;
}

/** Files from which the raw lines of one request come. */
const FILES = 4;

/** A line of a text file as Fluent Bit ships it unparsed: the program's own line in `log`, with its time at its head. */
export function rawLine(index: number, startMilliseconds: number, random: () => number): string {
  const time = new Date(startMilliseconds + index / 10).toISOString();
  const job = 4711 + (index % FILES);
  const level = LEVELS[Math.floor(random() * LEVELS.length)];
  const loss = (random() * 4).toFixed(4);
  const text = `${time.slice(0, 19).replace('T', ' ')},${time.slice(20, 23)} ${level} [trainer.py:172] step ${index} loss ${loss}, throughput ${Math.floor(random() * 900)} samples/s`;
  return `{"timestamp":"${time.replace('Z', '000Z')}","file_path":"/shared/slurm/train-${job}.out","log":"${text}","machine_id":"machine-7","worker_id":"worker-7-1","deployment_env":"production","region":"us-west1"}`;
}

/** The body of one request, NDJSON. */
export function fleetBody(
  from: number,
  count: number,
  startMilliseconds: number,
  random: () => number,
  lineOf: typeof fleetLine = fleetLine,
): Buffer {
  const lines: string[] = [];
  for (let index = from; index < from + count; index++) lines.push(lineOf(index, startMilliseconds, random));
  return Buffer.from(`${lines.join('\n')}\n`);
}
