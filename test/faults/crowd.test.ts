import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillCrowd } from './crowd-drill.ts';

t.test('a crowd of live readers and slow clients: each reader gets what it asked for', async (t) => {
  const options = { folder: temporaryFolder(), readers: 600, slowClients: 90, requests: 3 };
  const result = await drillCrowd(options);
  t.match(result, { sent: 1_200, stored: 1_200, lost: 0, duplicated: 0, wrongReaders: 0 });
});
