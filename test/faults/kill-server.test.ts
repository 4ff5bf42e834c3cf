import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const KILLS = 10;
const SENDERS = 3;
const LINES = 50;

/**
 * Senders that behave like Fluent Bit: each repeats the very same bytes until they are acknowledged, while the
 * server is killed again and again.
 */
t.test('kill -9 under load loses nothing that was acknowledged and stores nothing twice', async (t) => {
  const settings = { DATA_DIR: temporaryFolder() };
  let server = await startProcess(settings);
  let acknowledged = 0;
  let repeated = 0;
  let running = true;

  const nextStart: { promise: Promise<void>; resolve: () => void } = {
    promise: Promise.resolve(),
    resolve: () => {},
  };
  const sender = async (number: number) => {
    for (let request = 0; running; request++) {
      const lines = Array.from({ length: LINES }, (_, line) =>
        JSON.stringify({ message: 'under fire', sender: number, request, line }),
      );
      for (let done = false; !done; ) {
        try {
          const { status, body } = await server.ingest(`${lines.join('\n')}\n`, {
            'X-Machine-Id': `sender-${number}`,
          });
          done = status === 200;
          if (body.duplicate) repeated++;
        } catch {
          await nextStart.promise;
        }
      }
      acknowledged += LINES;
    }
  };
  const senders = Array.from({ length: SENDERS }, (_, number) => sender(number));

  for (let kill = 0; kill < KILLS; kill++) {
    const goal = acknowledged + SENDERS * LINES * 3;
    while (acknowledged < goal) await server.get('/healthz');
    nextStart.promise = new Promise((resolve) => {
      nextStart.resolve = resolve;
    });
    await server.stop('SIGKILL');
    server = await startProcess(settings);
    nextStart.resolve();
  }
  running = false;
  await Promise.all(senders);

  const { total } = await server.get('/api/v1/logs/count?q="under fire"');
  const { groups } = await server.get('/api/v1/logs/count?q="under fire"&by=sender');
  t.equal(
    total,
    acknowledged,
    `each of ${acknowledged} acknowledged records is there once (${repeated} requests repeated)`,
  );
  t.equal(
    groups.reduce((sum: number, group: { count: number }) => sum + group.count, 0),
    acknowledged,
  );
  t.equal(await server.stop('SIGTERM'), 0, 'and it stops cleanly');
});
