import t from 'tap';
import { temporaryFolder } from '../../temporary-folder.ts';
import { startMachine } from './agent-on-machine.ts';

t.test('a folder of state has one agent', async (t) => {
  const folder = temporaryFolder();
  const start = () => startMachine('http://127.0.0.1:9', folder, { disabled: true });
  const first = await start();
  t.teardown(() => first.agent.stop());
  await t.rejects(start(), {
    message: `${folder}/state is in use by pid ${process.pid}: stop that process, or use another folder`,
  });
  await first.agent.stop();
  const next = await start();
  await next.agent.stop();
});
