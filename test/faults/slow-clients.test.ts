import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillSlowClients } from './slow-drill.ts';

t.test('clients that are slow, deaf or silent hold up nobody', async (t) => {
  const options = { folder: temporaryFolder(), clients: 100, requests: 5 };
  const result = await drillSlowClients(options);
  t.match(result, { sent: 10_000, stored: 10_000, lost: 0, duplicated: 0 });
  t.ok(result.connected >= 350, `${result.connected} of them were still connected`);
});
