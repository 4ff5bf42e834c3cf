import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { Senders } from './senders.ts';
import { SlowClients } from './slow-clients.ts';

t.test('clients that are slow, deaf or silent hold up nobody', async (t) => {
  const server = await startProcess({ DATA_DIR: temporaryFolder() });
  t.teardown(() => server.stop('SIGTERM'));
  const slow = new SlowClients(server.url);
  t.teardown(() => slow.close());
  await slow.idle(300);
  await slow.slowHead(100);
  // Together they declare far more than the server takes into memory at once.
  await slow.slowBody(100, 32 * 1024 * 1024);
  await slow.deafReader(50);
  const senders = new Senders({ url: () => server.url, agents: 4, linesPerRequest: 500, requests: 10 });
  await senders.finished();
  t.match(await senders.result(), { sent: 20_000, stored: 20_000, lost: 0, duplicated: 0 });
  t.equal((await server.get('/healthz')).status, 'ok');
  t.ok(slow.open >= 450, `${slow.open} of them were still connected`);
});
