import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillManyAgents } from './many-agents-drill.ts';

t.test('requests of many agents that are sent again are stored once, also after a kill', async (t) => {
  const folder = temporaryFolder();
  const load = { agents: 500, seconds: 5, requestsPerSecond: 200, repeatEvery: 10, repeatAfter: 600 };
  const { sent, stored, lost, duplicated, repeated, stateMegabytesPerMinute } = await drillManyAgents({
    folder,
    ...load,
  });
  t.same({ sent, stored, lost, duplicated }, { sent: 1_000, stored: 1_000, lost: 0, duplicated: 0 });
  t.ok(repeated > 1_000, `${repeated} were sent again`);
  t.ok(stateMegabytesPerMinute <= 1);
});
