import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileSql } from '../control-plane/query/compile-sql.ts';
import { compileMatch } from '../control-plane/query/match.ts';
import { parseQuery } from '../control-plane/query/parser.ts';
import { decodeRow, RECORD_SELECT, type RecordRow } from '../pipeline/store/columns.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../pipeline/store/schema.ts';

/** Times parsing, predicate and SQL of typical queries over 1 M rows in one merged part, on a cold condition cache. */
const ROWS = 1_000_000;
const QUERIES = [
  'segfaulting',
  'connection',
  '"nccl watchdog thread"',
  '"refused by peer"',
  'привет',
  'service:slurm level:>=error',
  'machine_id:gpu-7',
  'user:u77',
  'rare_key:x3',
  'http.status:>=500',
  'k8s.pod.name:pod-1*',
  'user:*',
  'message:/took 9[0-9]{2} ms/',
  'message:/NCCL.*thread/',
  'timestamp:[2026-10-01T05:00:00Z TO 2026-10-01T05:10:00Z}',
  '(timeout OR refused) -level:debug service:vllm',
];

const path = mkdtempSync(join(tmpdir(), 'query-language-'));
const clickhouse = openEmbeddedClickHouse({ path, database: 'logs' });
await migrate(clickhouse, { days: 3000, errorDays: 3000 });
await clickhouse.command(`
  INSERT INTO logs (seq, timestamp, timestamp_digits, observed_digits, level, service, machine_id, source, job_id, message, attributes)
  SELECT 1790000000000000 + number, toDateTime64('2026-10-01 00:00:00', 9, 'UTC') + toIntervalMillisecond(number * 37), 3, 255,
    ['info', 'info', 'info', 'info', 'info', 'info', 'debug', 'warn', 'error'][1 + number % 9],
    ['vllm', 'slurm', 'qdrant', 'postgres', 'api', 'grafana', 'milvus'][1 + number % 7],
    concat('gpu-', toString(number % 64)), 'file', toString(400000 + intDiv(number, 1000)),
    concat(
      ['Connection to upstream', 'GPU memory usage', 'Step completed loss', 'GET /api/v1/models HTTP/1.1 200', 'Prefill batch running requests',
       'heartbeat from worker', 'CUDA kernel launch'][1 + cityHash64(number) % 7],
      ' ', toString(cityHash64(number, 1) % 100000), ' node-', toString(number % 500), '.cluster.local took ', toString(number % 977), ' ms ',
      if(number % 200000 = 77, 'Segfaulting in NCCL watchdog thread ', ''),
      if(number % 3 = 0, 'request finished ok ', 'connection refused by peer ')),
    concat('{"http":{"status":', toString([200, 200, 200, 404, 500][1 + number % 5]), ',"path":"/v1/chat"},"duration_ms":',
      toString(number % 3000 / 10), ',"user":"u', toString(number % 1000), '","k8s.pod.name":"pod-', toString(number % 100), '"',
      if(number % 1000 = 3, concat(',"rare_key":"x', toString(number % 7), '"'), ''), '}')
  FROM numbers(${ROWS})`);
await clickhouse.command('OPTIMIZE TABLE logs FINAL');
const sample = await clickhouse.query<RecordRow>(`SELECT ${RECORD_SELECT} FROM logs LIMIT 2000`);
const records = sample.map((row) => decodeRow(row));

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

console.log('parse µs | predicate ns/record | SQL count ms | rows | query');
for (const text of QUERIES) {
  let start = performance.now();
  for (let round = 0; round < 2000; round++) parseQuery(text);
  const parse = (performance.now() - start) / 2;

  const query = parseQuery(text);
  const match = compileMatch(query);
  for (const record of records) match(record);
  start = performance.now();
  for (let round = 0; round < 20; round++) for (const record of records) match(record);
  const predicate = ((performance.now() - start) * 1e6) / (20 * records.length);

  const { where, parameters } = compileSql(query);
  const times: number[] = [];
  let rows = 0;
  for (let round = 0; round < 5; round++) {
    start = performance.now();
    const [[count] = [0]] = await clickhouse.query<[number]>(`SELECT count() FROM logs WHERE ${where}`, {
      parameters,
      settings: { use_query_condition_cache: 0 },
    });
    times.push(performance.now() - start);
    rows = count;
  }
  const columns = [parse.toFixed(1), predicate.toFixed(0), median(times).toFixed(1), String(rows)];
  console.log(`${columns.map((column) => column.padStart(8)).join(' ')}  ${text}`);
}
await clickhouse.close();
rmSync(path, { recursive: true, force: true });
