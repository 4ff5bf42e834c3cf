import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { fuzzApi } from './fuzz-api.ts';
import { fleetLines } from './fuzz-fleet.ts';

t.test('no request makes a 500 or an answer that is not documented', async (t) => {
  const settings = { DATA_DIR: temporaryFolder(), ADMIN_TOKEN: 'admin-secret', SYNC_INTERVAL: '0' };
  const server = await startProcess(settings);
  t.teardown(() => server.stop('SIGKILL'));
  t.equal((await server.ingest(fleetLines())).status, 200);
  const { statuses, problems } = await fuzzApi({
    url: server.url,
    adminToken: 'admin-secret',
    seed: 2026,
    requests: 600,
  });
  t.comment(statuses);
  t.same(problems, []);
  t.equal(server.child.exitCode, null, 'the server still runs');
  t.equal(await server.stop('SIGTERM'), 0);
});
