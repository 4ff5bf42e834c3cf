import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { SERVER_ENVIRONMENT } from '../../control-plane/process/runtime-flags.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { MODULE_OPTIONS, programFile } from '../project-module.ts';

/** A server that hangs says what it had printed until then, in place of letting the whole suite wait. */
const START_MILLISECONDS = 120_000;

export interface TestServer {
  readonly url: string;
  /** Sends NDJSON; gives status and parsed answer. */
  ingest(
    body: string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any; headers: Headers }>;
  /** Fetches JSON. */
  get(path: string, headers?: Record<string, string>): Promise<any>;
}

export function client(url: string): TestServer {
  return {
    url,
    async ingest(body, headers = {}) {
      const response = await fetch(`${url}/logs/ingest`, { method: 'POST', body, headers });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
    async get(path, headers = {}) {
      const response = await fetch(`${url}${path}`, { headers });
      return response.json();
    },
  };
}

/**
 * A server in this process; one at a time, because the engine holds one folder per process. It has no built-in alert rules:
 * `ALERT_RULES_FILE: ''` turns them on.
 */
export async function startHere(
  settings: Record<string, string>,
): Promise<TestServer & { close(): Promise<void> }> {
  // Whoever starts other processes alone need not load the server: 0.7 s of CPU.
  const { startInProcess } = await import('./start-in-process.ts');
  const server = await startInProcess(settings);
  return { ...client(server.url), close: () => server.close() };
}

type ServerChild = ChildProcessByStdio<null, Readable, Readable>;

export interface ServerProcess extends TestServer {
  readonly child: ChildProcess;
  /** Ends it by a signal and waits for its end; gives the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export interface Launch {
  readonly nodeOptions?: readonly string[];
  /** What the command becomes, for instance one that limits its memory first. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
}

/** A server in a process of its own, to be killed. `port` 0 takes any free one. */
export async function startProcess(
  settings: Record<string, string>,
  paths: readonly string[] = [],
  { nodeOptions = [], wrap = (command) => command }: Launch = {},
): Promise<ServerProcess> {
  return untilListening(spawnServer(settings, paths, { nodeOptions, wrap }));
}

/** A server that has yet to start. */
export function spawnServer(
  settings: Record<string, string>,
  paths: readonly string[] = [],
  { nodeOptions = [], wrap = (command) => command }: Launch = {},
): ServerChild {
  const main = programFile('control-plane/main.ts');
  const [program, ...rest] = wrap([process.execPath, ...nodeOptions, ...MODULE_OPTIONS, main, ...paths]);
  return spawn(program!, rest, {
    cwd: PROJECT_FOLDER,
    env: {
      PATH: process.env.PATH,
      ...SERVER_ENVIRONMENT,
      PORT: '0',
      GRPC_PORT: '0',
      LOG_API_CALLS: 'false',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** @throws Error with what it printed, where it ends instead */
export async function untilListening(child: ServerChild): Promise<ServerProcess> {
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the server did not listen within ${START_MILLISECONDS / 1000} s:\n${output}`));
    }, START_MILLISECONDS);
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = /listening on (http:\S+)\n/.exec(output);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]!);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${code}:\n${output}`));
    });
  });
  return {
    ...client(url),
    child,
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}
