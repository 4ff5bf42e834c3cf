import { createRedaction } from '../control-plane/features/rules/redaction.ts';
import { NO_RULES } from '../control-plane/features/rules/rules-file.ts';
import { createCategorizer } from '../pipeline/ingest/transforms/categorize.ts';
import { FastPath } from '../pipeline/ingest/transforms/fast-path.ts';
import { createNormalizer } from '../pipeline/ingest/transforms/normalize.ts';

/** Nanoseconds per record from its text, in the general way and by known shapes. */
const RECORDS = 2000;
const ROUNDS = 50;
const arrival = {
  time: { seconds: 1_795_182_300, nanos: 0, digits: 3 },
  source: 'api',
  machineId: undefined,
};
const second = (i: number) => String(i % 60).padStart(2, '0');
const micros = (i: number) => String((i * 7919) % 1_000_000).padStart(6, '0');

const kinds: Record<string, (i: number) => Record<string, unknown>> = {
  'fleet record': (i) => ({
    timestamp: `2026-11-20T13:44:${second(i)}.${micros(i)}Z`,
    level: i % 20 === 0 ? 'ERROR' : 'INFO',
    message: `Avg prompt throughput: ${i % 900}.0 tokens/s, Running: ${i % 32} reqs, GPU KV cache usage: ${i % 100}%`,
    file_path: `/workspace/logs/vllm_server_${i % 8}.log`,
    machine_id: `gpu-node-${i % 64}`,
    worker_id: `worker-${i % 8}`,
    deployment_env: 'production',
    region: 'eu-west-1',
    tag: 'machine.logs',
  }),
  'raw line': (i) => ({
    timestamp: `2026-11-20T13:44:${second(i)}.${micros(i)}Z`,
    file_path: `/shared/slurm/train-${12345 + (i % 8)}.out`,
    log: `2026-11-20 13:44:${second(i)},${String(i % 1000).padStart(3, '0')} INFO [trainer.py:172] step ${i} loss 0.${i}, throughput ${i % 900} samples/s`,
    machine_id: `gpu-node-${i % 64}`,
    worker_id: `worker-${i % 8}`,
    deployment_env: 'production',
    region: 'eu-west-1',
  }),
  'plain line': (i) => ({
    timestamp: `2026-11-20T13:44:${second(i)}.${micros(i)}Z`,
    file_path: `/shared/slurm/train-${12345 + (i % 8)}.out`,
    log: `loss 2.${i} = 1.886 + 0.237 + 0.05 avg prob of [ bishop] 0.1880548894405365, no error seen in the run so far`,
    machine_id: `gpu-node-${i % 64}`,
    region: 'eu-west-1',
  }),
  'json line': (i) => ({
    timestamp: `2026-11-20T13:44:${second(i)}.${micros(i)}Z`,
    file_path: '/srv/payment.log',
    log: JSON.stringify({
      level: 30,
      time: 1744374957491 + i,
      pid: 17,
      msg: 'charge request received',
      amount: { units: i },
    }),
    machine_id: `gpu-node-${i % 64}`,
  }),
};

/** The best of several rounds over all texts. */
function nanoseconds(texts: readonly string[], read: (text: string) => unknown): string {
  let best = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (const text of texts) if (read(text) !== undefined) found++;
    best = Math.min(best, Number(process.hrtime.bigint() - start) / texts.length);
  }
  return found > 0 ? `${best.toFixed(0)} ns` : 'not at all';
}

const redact = createRedaction(NO_RULES.redaction);
for (const [name, make] of Object.entries(kinds)) {
  const rules = { categorize: createCategorizer(), defaultTimezone: 'UTC', redact };
  const normalize = createNormalizer(rules);
  const shapes = new FastPath(rules);
  const texts = Array.from({ length: RECORDS }, (_, i) => JSON.stringify(make(i)));
  const parse = (text: string) => ({ fields: JSON.parse(text) as Record<string, unknown>, text });
  const bytes = texts.reduce((sum, text) => sum + text.length, 0) / RECORDS;
  console.log(
    `${name} (${bytes.toFixed(0)} bytes): parsed ${nanoseconds(texts, (text) => JSON.parse(text))}, ` +
      `parsed, redacted and normalized ${nanoseconds(texts, (text) => normalize(redact.entry(parse(text)), arrival))}, ` +
      `by a known shape ${nanoseconds(texts, (text) => shapes.read(text, arrival))}`,
  );
}
