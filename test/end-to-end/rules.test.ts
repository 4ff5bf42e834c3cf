import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { serve } from './serve.ts';

const folder = temporaryFolder();
const rules = join(folder, 'rules.yaml');
writeFileSync(
  rules,
  `
sampling:
  - { query: 'service:proxy', keep_one_in: 10, by: request_id }
metrics:
  - { name: lines, query: 'service:proxy', by: [level, machine_id], max_series: 2 }
  - { name: duration_ms, query: 'type:response', field: duration_ms, buckets: [100, 1000], by: [service] }
`,
);
const server = await serve(t, { DATA_DIR: join(folder, 'data'), RULES_FILE: rules });

const RECORDS = 4_000;
const start = Date.now() - 1_800_000;
const records = Array.from({ length: RECORDS }, (_, index) => ({
  service: 'proxy',
  machine_id: `m${Math.floor(index / 2) % 3}`,
  message: index % 2 === 0 ? 'Incoming request' : 'Outgoing response',
  type: index % 2 === 0 ? 'request' : 'response',
  level: index % 40 === 1 ? 'error' : 'info',
  request_id: `r${Math.floor(index / 2)}`,
  endpoint: 'get_x',
  status_code: 200,
  ...(index % 2 === 1 && { duration_ms: 50 }),
  timestamp: new Date(start + index * 100).toISOString(),
}));
await server.ingest(records);
const { records: stored } = await server.get<{
  records: { level: string; 'logplane.sample_rate'?: number }[];
}>('/api/v1/logs/search?limit=1000&q=service:proxy');
const sampled = stored.filter((record) => record['logplane.sample_rate'] === 10).length;
/** What the kept records stand for. */
const weight = sampled * 10 + RECORDS / 40;

t.test('errors are all kept, the others in their share', async (t) => {
  t.equal(stored.length - sampled, RECORDS / 40);
  t.ok(stored.every(({ level, ...record }) => (level === 'ERROR') !== 'logplane.sample_rate' in record));
  t.ok(Math.abs(weight - RECORDS) < RECORDS / 5, `${weight} of ${RECORDS}`);
});

t.test('counts, histogram, facets, patterns and statistics count all that was sent', async (t) => {
  const { total } = await server.get<{ total: number }>('/api/v1/logs/count');
  t.equal(total, weight);
  const byLevel = await server.get<{ groups: object[] }>('/api/v1/logs/count?by=level&from=now-1h&to=now');
  t.same(byLevel.groups, [
    { level: 'INFO', count: sampled * 10 },
    { level: 'ERROR', count: RECORDS / 40 },
  ]);
  const { buckets } = await server.get<{ buckets: { total: number }[] }>(
    '/api/v1/logs/histogram?from=now-1h',
  );
  t.equal(
    buckets.reduce((sum, bucket) => sum + bucket.total, 0),
    weight,
  );
  const { facets } = await server.get<{ facets: Record<string, { count: number }[]> }>('/api/v1/logs/facets');
  t.same(facets.service, [{ value: 'proxy', count: weight }]);
  const patterns = await server.get<{
    patterns: { count: number; share: number }[];
    total: number;
    sampled: number;
  }>('/api/v1/logs/patterns');
  t.equal(patterns.total, weight);
  t.equal(patterns.sampled, stored.length);
  t.equal(
    patterns.patterns.reduce((sum, { count }) => sum + count, 0),
    weight,
  );
  const { api_stats, error_summary } = await server.get<{
    api_stats: {
      total_requests: number;
      status_codes: Record<string, number>;
      slow_endpoints: { responses: number }[];
    };
    error_summary: { total_errors: number };
  }>('/api/v1/logs/stats');
  t.equal(api_stats.total_requests + api_stats.status_codes['200']!, weight);
  t.equal(api_stats.slow_endpoints[0]!.responses, api_stats.status_codes['200']);
  t.match(api_stats, { avg_response_time: 50, p95_response_time: 50 });
  t.equal(error_summary.total_errors, RECORDS / 40);
});

t.test('metrics count what was sent, in a bounded number of series', async (t) => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const lines = [...text.matchAll(/^logs_lines_total\{(.*)\} (\d+)$/gm)].map(([, labels, value]) => [
    labels,
    Number(value),
  ]);
  t.equal(lines.length, 3);
  t.equal(
    lines.reduce((sum, [, value]) => sum + Number(value), 0),
    RECORDS,
  );
  t.ok(lines.some(([labels]) => labels === 'level="other",machine_id="other"'));
  t.match(text, /^logs_duration_ms_bucket\{le="100",service="proxy"\} 2000$/m);
  t.match(text, /^logs_duration_ms_sum\{service="proxy"\} 100000$/m);
  t.match(
    text,
    new RegExp(`^logplane_records_sampled_out_total\\{rule="1"\\} ${RECORDS - stored.length}$`, 'm'),
  );
});

t.test('the same rules tell their numbers over time', async (t) => {
  const { metrics } = await server.get<{ metrics: object[] }>('/api/v1/log-metrics');
  t.match(metrics, [
    { name: 'lines', query: 'service:proxy', by: ['level', 'machine_id'] },
    { name: 'duration_ms' },
  ]);
  type Series = { series: { labels: object; points: { count: number; sum: number; p95: number }[] }[] };
  const lines = await server.get<Series>('/api/v1/log-metrics/lines?interval=1m');
  t.equal(lines.series.length, 3);
  t.match(lines.series.at(0), { labels: { level: /info|other/ } });
  const points = lines.series.flatMap((one) => one.points);
  t.equal(
    points.reduce((sum, { count }) => sum + count, 0),
    weight,
  );
  const durations = await server.get<Series>('/api/v1/log-metrics/duration_ms?from=now-1h&interval=1h');
  t.match(durations.series, [{ labels: { service: 'proxy' } }]);
  for (const { count, sum, p95 } of durations.series[0]!.points) {
    t.equal(sum, count * 50);
    t.equal(p95, 50);
  }
  const unknown = await fetch(`${server.url}/api/v1/log-metrics/nope`);
  t.equal(unknown.status, 404);
  const fine = await fetch(`${server.url}/api/v1/log-metrics/lines?from=now-30d&interval=1s`);
  t.equal(fine.status, 400);
});

t.test('a number beyond a double is stored once, and measured nowhere', async (t) => {
  const body =
    '{"service":"vast","type":"response","duration_ms":"1e999"}\n{"service":"vast","type":"response","duration_ms":"7"}';
  for (const duplicate of [false, true]) {
    const headers = { 'X-Machine-Id': 'm' };
    const response = await fetch(`${server.url}/logs/ingest`, { method: 'POST', body, headers });
    t.same(await response.json(), { accepted: 2, rejected: 0, duplicate });
  }
  t.match(await server.get('/api/v1/logs/count?q=service:vast'), { total: 2 });
  t.match(await (await fetch(`${server.url}/metrics`)).text(), /^logs_duration_ms_sum\{service="vast"\} 7$/m);
  const { series } = await server.get<{ series: { labels: { service: string }; points: object[] }[] }>(
    '/api/v1/log-metrics/duration_ms?interval=1h',
  );
  const points = series.filter(({ labels }) => labels.service === 'vast').flatMap((one) => one.points);
  t.match(points, [{ count: 1, sum: 7, max: 7 }]);
});
