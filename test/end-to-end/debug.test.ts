import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startProcess } from './test-server.ts';

/** What a server with these settings prints for one request. */
async function printedBy(
  settings: Record<string, string>,
  isThere: (output: string) => boolean,
): Promise<string> {
  const server = await startProcess({ DATA_DIR: temporaryFolder(), SYNC_INTERVAL: '0', ...settings });
  t.teardown(() => server.stop('SIGKILL'));
  let output = '';
  server.child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  await server.get('/api/v1/logs/count?q=%C2%9B31m%E2%80%AEevil');
  await until(() => isThere(output), 'the request log');
  await server.stop('SIGTERM');
  return output;
}

t.test('DEBUG shows the request log on the console, as lines that cannot move the cursor', async (t) => {
  // Python's spelling, as it stands in the service that this one replaces.
  const output = await printedBy({ DEBUG: 'True' }, (text) => /DEBUG \{.*"type":"response"/.test(text));
  t.match(output, /DEBUG \{.*"type":"request".*"method":"GET"/);
  t.notMatch(output, /[\u0080-\u009f\u202e]/);
});

t.test('without it the request log is not there', async (t) => {
  const output = await printedBy({ LOG_LEVEL: 'debug' }, () => true);
  t.notMatch(output, /"type":"request"/);
});
