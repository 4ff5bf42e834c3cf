import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '../pipeline/agent/fluent-bit/free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export interface RedisServer {
  readonly url: string;
  readonly client: Redis;
  /** SIGKILL; what was not saved is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real Redis server on a free port, for one test file. @param keeps writes every command to disk at once */
export async function startRedis({ keeps = false } = {}): Promise<RedisServer> {
  const port = await freePort();
  const folder = temporaryFolder();
  const save = keeps ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  let child: ChildProcess;
  const start = async () => {
    child = spawn('redis-server', ['--port', String(port), '--dir', folder, '--save', '', ...save], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    while (!/Ready to accept connections/.test(output)) output += (await once(child.stdout!, 'data'))[0];
    child.stdout!.resume();
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  await start();
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  return {
    url,
    client,
    kill,
    restart: start,
    async stop() {
      client.disconnect();
      await kill();
    },
  };
}
