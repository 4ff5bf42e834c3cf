import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { startProcess } from './test-server.ts';

t.test('a deletion is kept by a kill, and what stood beside it is there once', async (t) => {
  const settings = { DATA_DIR: temporaryFolder() };
  const first = await startProcess(settings);
  const kept = Array.from({ length: 10 }, (_, n) => JSON.stringify({ message: 'stays', service: 'kept', n }));
  await first.ingest(kept.join('\n'));
  // The last record of its file of the journal.
  await first.ingest('{"message":"goes","service":"deleted"}');
  const remove = async (body: object) => {
    const response = await fetch(`${first.url}/api/v1/logs/delete`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return (await response.json()) as { confirm?: string; deleted: number };
  };
  const { confirm } = await remove({ q: 'service:deleted' });
  t.equal((await remove({ q: 'service:deleted', confirm })).deleted, 1);
  await first.stop('SIGKILL');
  const second = await startProcess(settings);
  t.equal((await second.get('/api/v1/logs/count?q=service:deleted')).total, 0);
  t.equal((await second.get('/api/v1/logs/count?q=service:kept')).total, 10);
  await second.stop('SIGTERM');
});
