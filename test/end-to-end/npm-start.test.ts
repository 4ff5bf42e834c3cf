import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { MODULE_OPTIONS, moduleFile } from '../project-module.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

t.setTimeout(300_000);
const { scripts } = JSON.parse(readFileSync(join(PROJECT_FOLDER, 'package.json'), 'utf8')) as {
  scripts: { start: string };
};

/** `npm start` as it is written, on the modules that this test runs. */
async function npmStart() {
  const folder = temporaryFolder();
  const start = scripts.start.replaceAll(/\bdist\/(\S+)\.js/g, (_, module) =>
    [...MODULE_OPTIONS, moduleFile(`${module}.ts`)].join(' '),
  );
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts: { start } }));
  const settings = ['PORT=0', 'GRPC_PORT=0', 'DATA_DIR=data', 'LOG_API_CALLS=false'];
  // Without what tap puts into the environment.
  const npm = spawn(
    'env',
    ['-i', `PATH=${process.env.PATH}`, `HOME=${folder}`, ...settings, 'npm', 'start'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [npm.stdout, npm.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  await until(() => /listening on http:\S+\n/.test(output), 'the server listens');
  const url = /listening on (http:\S+)\n/.exec(output)![1]!;
  const [program] = childrenOf(npm.pid!) as [number];
  // Node before 22.15 cannot start a program in place of itself. The server has children too, which are none of Node's.
  const server = childrenOf(program).find((child) => /main\.[jt]s/.test(commandOf(child))) ?? program;
  return { npm, url, program, server, output: () => output };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

const isGone = (pid: number) => {
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || / Z /.test(readFileSync(stat, 'utf8'));
};

t.test('npm start ends the server with itself', { skip: process.platform !== 'linux' }, async (t) => {
  for (const signals of [['SIGTERM'], ['SIGINT', 'SIGINT'], ['SIGHUP'], ['SIGKILL']] as const) {
    const { npm, url, program, server, output } = await npmStart();
    t.match(commandOf(program), /control-plane\/main\.[jt]s/, 'no shell between the two');
    t.match(commandOf(server), /--max-old-space-size=\d+\0/, 'with its flags');
    await fetch(`${url}/logs/ingest`, { method: 'POST', body: '{"message":"x"}' });
    const exit = once(npm, 'exit');
    for (const signal of signals) npm.kill(signal);
    const [code] = await exit;
    await until(() => isGone(server), `the server ends after ${signals}`);
    if (signals[0] === 'SIGTERM' || signals[0] === 'SIGINT') t.equal(code, 0, output());
    t.match(output(), /stopping: finishing accepted requests/, signals.join());
    t.notMatch(output(), /could not stop/);
  }
});

t.test('signals to the server itself, and a console that is gone', async (t) => {
  for (const signals of [['SIGHUP'], ['SIGTERM', 'SIGTERM', 'SIGINT']] as const) {
    const child = spawn(process.execPath, [...MODULE_OPTIONS, moduleFile('control-plane/main.ts')], {
      cwd: PROJECT_FOLDER,
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        GRPC_PORT: '0',
        DATA_DIR: temporaryFolder(),
        LOG_API_CALLS: 'false',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await until(() => output.includes('listening on'), 'the server listens');
    child.stdout.destroy();
    const exit = once(child, 'exit');
    for (const signal of signals) child.kill(signal);
    t.same(await exit, [0, null], signals.join());
  }
});
