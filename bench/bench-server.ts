import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { SERVER_ENVIRONMENT } from '../control-plane/process/runtime-flags.ts';

const V8_FLAGS = ['--max-semi-space-size=32', '--no-parallel-scavenge'];

export interface BenchServer {
  readonly url: string;
  /** Sends records over connections that stay open, as agents do. Rejects where they are not acknowledged. */
  post(body: string | Buffer): Promise<void>;
  /** What `/metrics` says now, by name. */
  metrics(): Promise<(name: string) => number>;
  stop(): Promise<void>;
}

/** The built server in a process of its own, as `npm start` runs it. @param build the folder of another build, to compare with */
export async function startBenchServer(folder: string, build = '.'): Promise<BenchServer> {
  const child = spawn(process.execPath, [...V8_FLAGS, join(build, 'dist/control-plane/main.js')], {
    env: {
      ...process.env,
      ...SERVER_ENVIRONMENT,
      PORT: '0',
      GRPC_PORT: '0',
      LOG_API_CALLS: 'false',
      DATA_DIR: folder,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  while (!/listening on/.test(output)) output += (await once(child.stdout, 'data'))[0];
  const url = /listening on (http:\S+)/.exec(output)![1]!;
  const agent = new http.Agent({ keepAlive: true });
  return {
    url,
    post: (body) =>
      new Promise((resolve, reject) => {
        const headers = { 'Content-Length': Buffer.byteLength(body) };
        const request = http.request(`${url}/logs/ingest`, { method: 'POST', agent, headers }, (response) => {
          response.resume().once('end', () => {
            if (response.statusCode === 200) resolve();
            else reject(new Error(`status ${response.statusCode}`));
          });
        });
        request.once('error', reject).end(body);
      }),
    async metrics() {
      const text = await (await fetch(`${url}/metrics`)).text();
      return (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    },
    async stop() {
      agent.destroy();
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
