import { spawn } from 'node:child_process';
import { once } from 'node:events';

const V8_FLAGS = ['--max-semi-space-size=32', '--no-parallel-scavenge'];

/** The built server in a process of its own, as `npm start` runs it. */
export async function startBenchServer(folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [...V8_FLAGS, 'dist/control-plane/main.js'], {
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: '16',
      MALLOC_MMAP_THRESHOLD_: '1048576',
      PORT: '0',
      GRPC_PORT: '0',
      LOG_API_CALLS: 'false',
      DATA_DIR: folder,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  while (!/listening on/.test(output)) output += (await once(child.stdout, 'data'))[0];
  return {
    url: /listening on (http:\S+)/.exec(output)![1]!,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
