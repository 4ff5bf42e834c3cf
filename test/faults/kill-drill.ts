import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { until } from '../until.ts';
import { type DrillResult, Senders } from './senders.ts';

/** The server is killed (SIGKILL) under load again and again, each time after some more requests were acknowledged. */
export async function drillKill(options: {
  readonly folder: string;
  readonly kills: number;
  readonly agents: number;
  readonly linesPerRequest: number;
}): Promise<DrillResult> {
  const { folder, kills, agents, linesPerRequest } = options;
  const settings = { DATA_DIR: folder };
  let server: ServerProcess = await startProcess(settings);
  const senders = new Senders({ url: () => server.url, agents, linesPerRequest });
  for (let kill = 0; kill < kills; kill++) {
    const goal = senders.acknowledged + agents * linesPerRequest * 3;
    await until(() => senders.acknowledged >= goal, 'requests to be acknowledged');
    await server.stop('SIGKILL');
    server = await startProcess(settings);
  }
  await senders.stop();
  const result = await senders.result();
  const code = await server.stop('SIGTERM');
  if (code !== 0) throw new Error(`the server did not stop cleanly: ${code}`);
  return result;
}
