import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillComeback } from './comeback-drill.ts';

t.test('many agents that come back at once lose nothing', async (t) => {
  const load = { agents: 100, requests: 3, linesPerRequest: 50 };
  const result = await drillComeback({ folder: temporaryFolder(), ...load });
  t.match(result, { sent: 15_000, acknowledged: 15_000, stored: 15_000, lost: 0, duplicated: 0 });
});
