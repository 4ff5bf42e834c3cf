import { once } from 'node:events';
import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

/** Loaded into the server's process: signals stand for the defects that nobody knows of yet. */
const DEFECTS = `
process.on('SIGUSR2', () => { Promise.reject(new Error('nobody waits for this')); });
process.on('SIGHUP', () => { throw new Error('nobody catches this'); });
`;
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(DEFECTS)}`;

t.test('a rejection that nobody waits for is counted and said, and the server goes on', async (t) => {
  const server = await startProcess({ DATA_DIR: temporaryFolder(), NODE_OPTIONS });
  t.teardown(() => server.stop('SIGKILL'));
  t.same(await server.get('/readyz'), { status: 'ready', impaired: {} });
  server.child.kill('SIGUSR2');
  const { impaired, status } = await until(async () => {
    const answer = await server.get('/readyz');
    return Object.keys(answer.impaired).length > 0 && answer;
  }, 'the rejection in /readyz');
  t.match(impaired.process, /1 errors were not handled .* nobody waits for this/);
  t.not(status, 'not ready');
  t.match(await (await fetch(`${server.url}/metrics`)).text(), /^logplane_unhandled_rejections 1$/m);
  t.equal((await server.ingest('{"message":"x"}')).body.accepted, 1);
  t.equal(await server.stop('SIGTERM'), 0);
});

t.test('an exception that nobody catches ends the server in good order', async (t) => {
  const folder = temporaryFolder();
  const server = await startProcess({ DATA_DIR: folder, NODE_OPTIONS });
  t.equal((await server.ingest('{"message":"x"}')).body.accepted, 1);
  server.child.kill('SIGHUP');
  const [code] = await once(server.child, 'exit');
  t.equal(code, 1, 'so that it is started again');
  const again = await startProcess({ DATA_DIR: folder });
  t.equal((await again.get('/api/v1/logs/count')).total, 1);
  t.equal(await again.stop('SIGTERM'), 0);
});
