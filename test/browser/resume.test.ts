import t from 'tap';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { allLines, waitForLine, waitForState } from './log-page.ts';

const RESTARTS = 2;
const BATCH = 50;

t.test('a page goes on without loss or repetition when the server is killed', BROWSER_TEST, async (t) => {
  const settings = { DATA_DIR: temporaryFolder(), PORT: String(await freePort()) };
  let server: ServerProcess = await startProcess(settings);
  t.teardown(() => server.stop('SIGKILL'));
  let next = 0;
  const send = async () => {
    const lines = Array.from({ length: BATCH }, () =>
      JSON.stringify({ message: `counted ${next++}.`, timestamp: new Date().toISOString() }),
    );
    t.equal((await server.ingest(lines.join('\n'))).status, 200);
  };

  const open = await startBrowser(t);
  const { page } = await open();
  await page.goto(`${server.url}/api/v1/logs`);
  await waitForState(page, 'Live');
  await send();
  await waitForLine(page, `counted ${next - 1}.`);
  for (let restart = 0; restart < RESTARTS; restart++) {
    await server.stop('SIGKILL');
    await waitForState(page, 'Connection lost');
    server = await startProcess(settings);
    // Before the page is back, and after.
    await send();
    await waitForState(page, 'Live');
    await send();
    await waitForLine(page, `counted ${next - 1}.`);
  }
  const expected = Array.from({ length: next }, (_, number) => `counted ${number}.`);
  t.same((await allLines(page)).toSorted(), expected.toSorted(), 'each of them once');
});
