/** NDJSON of a small fleet: services, machines, files, a job with ranks, request log entries, odd fields. */
export function fleetLines(): string {
  const now = Date.now();
  const records = Array.from({ length: 400 }, (_, index) => ({
    timestamp: new Date(now - index * 7_000).toISOString(),
    message: ['request done', 'CUDA out of memory', 'connection timeout to node-7', 'step 42 loss 1.5'][
      index % 4
    ],
    level: ['info', 'error', 'warn', 'debug'][index % 4],
    service: ['vllm', 'client', 'training'][index % 3],
    machine_id: `gpu-${index % 2}`,
    file_path:
      index % 5 === 0 ? '/var/log/app.log' : `/scratch/train-4711-node${index % 2}-rank${index % 4}.out`,
    ...(index % 2 === 0 && { job_id: '4711' }),
    ...(index % 3 === 0 && {
      type: index % 2 === 0 ? 'request' : 'response',
      endpoint: 'generate',
      method: 'POST',
      status_code: 200 + (index % 2) * 300,
      duration_ms: index * 1.5,
    }),
    model_info: { name: 'llama', layers: index, odd: null, empty: {} },
    trace_id: index % 7 === 0 ? index : 'f'.repeat(32),
  }));
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
