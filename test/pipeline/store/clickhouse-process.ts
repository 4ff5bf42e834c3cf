import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { MODULE_OPTIONS, moduleFile } from '../../project-module.ts';
import type { HttpFault } from './clickhouse-http.ts';

export interface ClickHouseProcess {
  readonly url: string;
  readonly child: ChildProcess;
  setFault(fault: HttpFault): Promise<void>;
  /** Ends it, by default as a crash would. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The fixture of `clickhouse-http.ts` in a process of its own: several servers share it, and it can be killed. */
export async function startClickHouseProcess(
  path: string,
  { port = 0, version }: { port?: number; version?: string } = {},
): Promise<ClickHouseProcess> {
  const child = fork(
    moduleFile('test/pipeline/store/clickhouse-child.ts'),
    [path, String(port), version ?? ''],
    {
      execArgv: [...MODULE_OPTIONS],
      env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
    },
  );
  const ended = once(child, 'exit').then(() => {
    throw new Error('the fixture ended');
  });
  const next = async () => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
    return message;
  };
  ended.catch(() => {});
  const { url } = await next();
  return {
    url,
    child,
    async setFault(fault) {
      child.send(fault);
      await next();
    },
    async stop(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}
