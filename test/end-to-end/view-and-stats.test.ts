import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

/** The same entries, once read from the files of the request log and once from the store. */
t.test('`logplane view` and /api/v1/logs/stats give the same numbers', async (t) => {
  const dir = temporaryFolder();
  const logs = join(dir, 'logs');
  const first = await startHere({
    DATA_DIR: join(dir, 'first'),
    LOG_API_CALLS: 'true',
    LOG_DIR: logs,
    LOG_MAX_BYTES: '4096',
    LOG_BACKUP_COUNT: '50',
    INGEST_TOKEN: 'secret',
  });
  const paths = ['/services', '/api/v1/logs/recent?lines=5', '/api/v1/logs/search?limit=none', '/nowhere'];
  for (let round = 0; round < 12; round++) {
    for (const path of paths) await (await fetch(first.url + path)).text();
    await fetch(`${first.url}/logs/delete?path=../etc/passwd`, { method: 'POST' });
  }
  await first.ingest('{"message":"without a token"}');
  await first.close();
  const files = readdirSync(logs).filter((name) => name.startsWith('api.log'));
  t.ok(files.length > 5, `rotated into ${files.length} files`);

  const second = await startHere({ DATA_DIR: join(dir, 'second') });
  t.teardown(() => second.close());
  const imported = await runCli(['ingest', '--server', second.url, ...files.map((name) => join(logs, name))]);
  t.match(imported, { code: 0, stderr: /, 0 rejected/ });
  const { stdout } = await runCli(['view', '--stats', '--json', '--hours', '24', '--log-dir', logs]);
  const viewed = JSON.parse(stdout);
  const { api_stats, error_summary, timeframe_hours } = await second.get('/api/v1/logs/stats?hours=24');
  t.equal(viewed.api_stats.total_requests, 60);
  t.equal(viewed.error_summary.total_errors, 36);
  t.equal(viewed.timeframe_hours, timeframe_hours);
  t.same(viewed.error_summary, error_summary);
  // The server tells more: percentiles, and which endpoints are slow.
  for (const [name, value] of Object.entries(viewed.api_stats)) t.same(value, api_stats[name], name);
});
