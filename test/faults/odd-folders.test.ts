import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { MODULE_OPTIONS, programFile } from '../project-module.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
}

function start(t: Test, settings: Record<string, string>): Started {
  const child = spawn(process.execPath, [...MODULE_OPTIONS, programFile('control-plane/main.ts')], {
    env: { PATH: process.env.PATH, PORT: '0', GRPC_PORT: '0', LOG_API_CALLS: 'false', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: PROJECT_FOLDER,
  });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  return { child, output: () => output };
}

// The other odd folders: test/control-plane/take-data-dir.test.ts
t.test('a folder that the system says is not there ends the start', async (t) => {
  const { child, output } = start(t, { DATA_DIR: '/proc/x' });
  t.equal((await once(child, 'close'))[0], 1);
  t.match(output(), /^logplane: DATA_DIR: expected a writable folder, got "\/proc\/x" [^\n]+\n$/);
});

t.test('two servers', async (t) => {
  const DATA_DIR = temporaryFolder();
  const first = await startProcess({ DATA_DIR });
  t.teardown(() => first.stop('SIGKILL'));
  const { child, output } = start(t, { DATA_DIR });
  t.equal((await once(child, 'close'))[0], 1);
  t.equal(
    output(),
    `logplane: DATA_DIR: ${DATA_DIR} is in use by pid ${first.child.pid}: stop that process, or use another folder\n`,
  );
  await first.ingest('{"message":"unharmed"}');
  await first.stop('SIGKILL');
  const next = await startProcess({ DATA_DIR });
  t.teardown(() => next.stop('SIGKILL'));
  t.equal((await next.get('/api/v1/logs/count')).total, 1);
  t.equal(await next.stop('SIGTERM'), 0);
});

t.test('a start that hangs ends at a signal', async (t) => {
  // Whoever reads it waits for ever, as for a file of a server that is away.
  const TLS_CERT = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [TLS_CERT]);
  const { child, output } = start(t, { DATA_DIR: temporaryFolder(), TLS_CERT, TLS_KEY: TLS_CERT });
  const ended = once(child, 'close');
  const writer = await until(() => openedToWrite(TLS_CERT), 'the server to read it');
  t.teardown(() => closeSync(writer));
  child.kill('SIGTERM');
  const [code] = await ended;
  t.not(code, 0, 'it did not start');
  t.match(output(), /the start did not finish within 9\.5 s/);
});

/** Undefined as long as nobody reads the pipe. */
function openedToWrite(pipe: string): number | undefined {
  try {
    return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

t.test('a folder that goes away while the server runs', async (t) => {
  const DATA_DIR = join(temporaryFolder(), 'data');
  const server = await startProcess({ DATA_DIR });
  t.teardown(() => server.stop('SIGKILL'));
  await server.ingest('{"message":"before"}');
  execFileSync('rm', ['-rf', DATA_DIR]);
  const { status } = await server.ingest('{"message":"after"}');
  t.ok(status === 200 || status === 503, `${status}`);
  t.equal((await fetch(`${server.url}/healthz`)).status, 200);
  // The answer depends on what the engine has in its caches; the file that it misses first depends on the columns.
  for (const path of [
    'search',
    'search?q=before',
    'count?by=service',
    'count?q=before',
    'recent',
    'facets?fields=level',
  ]) {
    const asked = await fetch(`${server.url}/api/v1/logs/${path}`);
    t.ok(asked.status === 200 || asked.status === 503, `${path}: ${asked.status} ${await asked.text()}`);
  }
  t.equal(typeof (await server.stop('SIGTERM')), 'number');
});
