import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RequestStatsBuilder } from '../../../control-plane/features/logs/request-stats-builder.ts';
import { createLogger } from '../../../logger/logger.ts';
import { runCli } from './run-cli.ts';

const NOW_MICROSECONDS = Date.now() * 1000;

/** A folder as the request log writes it, rotated often; gives its entries too. */
async function writeLogs(dir: string, requests: number) {
  const logger = createLogger({ dir, maxBytes: 2_000, backups: 1_00 });
  const entries: Record<string, unknown>[] = [];
  for (let index = 0; index < requests; index++) {
    const at = NOW_MICROSECONDS - (requests - index) * 60e6;
    const failed = index % 7 === 3;
    const shared = { endpoint: `route_${index % 3}`, method: index % 4 === 0 ? 'POST' : 'GET' };
    const response = {
      type: 'response',
      ...shared,
      status_code: failed ? 404 : 200,
      duration_ms: index + 0.25,
    };
    const error = failed ? { error_type: index % 2 ? 'ValidationError' : 'FileNotFoundError' } : {};
    for (const [level, fields] of [
      ['info', { type: 'request', ...shared }],
      [failed ? 'error' : 'info', { ...response, ...error }],
    ] as const) {
      logger.log({ level, message: `entry ${index}`, at, fields });
      entries.push({ at, level, ...fields });
    }
  }
  await logger.close();
  return entries;
}

t.test('statistics of a folder of rotated logs', async (t) => {
  const dir = t.testdir();
  const entries = await writeLogs(dir, 120);
  const since = NOW_MICROSECONDS - 3_600e6;
  const builder = new RequestStatsBuilder();
  for (const entry of entries) if (Number(entry.at) >= since + 30e6) builder.add(entry);
  const expected = builder.result(1);
  t.ok(expected.api_stats.total_requests >= 58 && expected.api_stats.total_requests <= 60);
  const { stdout, code } = await runCli(['view', '--stats', '--hours', '1', '--json', '--log-dir', dir]);
  t.equal(code, 0);
  t.same(JSON.parse(stdout), expected);
  const errors = await runCli(['view', '--errors-only', '--hours', '1', '--json', '--log-dir', dir]);
  t.same(JSON.parse(errors.stdout), expected.error_summary);
  const text = await runCli(['view', '--stats', '--log-dir', dir]);
  t.match(text.stdout, /requests: 120\n.*\n.*endpoints:\n +40 {2}route_0/s);
  t.notMatch(text.stdout, /\u001b/, 'no colours in a pipe');
});

t.test('arithmetic', async (t) => {
  const builder = new RequestStatsBuilder();
  builder.add({ type: 'request', endpoint: 'a', method: 'GET' });
  builder.add({ type: 'request', endpoint: null, method: 'GET' });
  builder.add({ type: 'response', endpoint: 'a', status_code: 200, duration_ms: 10, level: 'INFO' });
  builder.add({ type: 'response', endpoint: 'a', status_code: 500, duration_ms: 20.01, level: 'ERROR' });
  builder.add({ type: 'exception', endpoint: 'a', error_type: 'TypeError', level: 'fatal' });
  t.same(builder.result(24), {
    api_stats: {
      total_requests: 2,
      endpoints: { a: 1, unknown: 1 },
      methods: { GET: 2 },
      status_codes: { 200: 1, 500: 1 },
      avg_response_time: 15.01,
      response_times: [10, 20.01],
    },
    error_summary: {
      total_errors: 2,
      error_types: { TypeError: 1, Unknown: 1 },
      endpoints_with_errors: { a: 2 },
      status_codes: { 500: 1 },
    },
    timeframe_hours: 24,
  });
});

t.test('entries across rotated files, the last ones in order', async (t) => {
  const dir = t.testdir();
  await writeLogs(dir, 60);
  const api = await runCli(['view', '--type', 'api', '--lines', '30', '--log-dir', dir]);
  const numbers = [...api.stdout.matchAll(/entry (\d+)/g)].map((match) => Number(match[1]));
  t.same(
    numbers,
    Array.from({ length: 30 }, (_, index) => 45 + Math.floor(index / 2)),
  );
  const all = await runCli(['view', '--lines', '1', '--log-dir', dir]);
  t.match(all.stdout, /== api\.log ==\n.*entry 59\n== errors\.log ==\n.*ERROR.*entry 59\n/);
  const json = await runCli(['view', '--type', 'errors', '--lines', '2', '--json', '--log-dir', dir]);
  t.match(
    json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).level),
    ['ERROR', 'ERROR'],
  );
});

t.test('api.log without errors.log, broken lines, no logs at all, wrong use', async (t) => {
  const dir = t.testdir();
  const at = new Date().toISOString().slice(0, -1);
  const lines = [
    'no JSON',
    JSON.stringify({ timestamp: at, level: 'ERROR', error_type: 'E', message: 'x\u001b[2J' }),
    '{"half":',
  ];
  writeFileSync(join(dir, 'api.log'), lines.join('\n'));
  const { stdout } = await runCli(['view', '--errors-only', '--json', '--log-dir', dir]);
  t.match(JSON.parse(stdout), { total_errors: 1, error_types: { E: 1 } });
  const shown = await runCli(['view', '--type', 'api', '--log-dir', dir]);
  t.match(shown.stdout, /^no JSON\n.*ERROR x<U\+001B>\[2J\n{"half":\n$/);
  mkdirSync(join(dir, 'empty'));
  const none = await runCli(['view', '--log-dir', join(dir, 'empty')]);
  t.match(none, { code: 1, stderr: /neither api\.log nor errors\.log/ });
  t.match(await runCli(['view', '--type', 'nope']), {
    code: 2,
    stderr: /Allowed choices are all, api, errors/,
  });
});
