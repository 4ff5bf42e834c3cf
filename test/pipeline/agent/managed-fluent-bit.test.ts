import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FluentBitApi } from '../../../pipeline/agent/fluent-bit-api.ts';
import { ManagedFluentBit } from '../../../pipeline/agent/managed-fluent-bit.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

/** Stands for Fluent Bit: a program that runs, and something that answers as its status address does. */
async function machine(t: Test) {
  const folder = temporaryFolder();
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\nexec sleep 1000\n');
  chmodSync(program, 0o755);
  const status = createServer((_, answer) => answer.end('{"uptime_sec":1}')).listen(0, '127.0.0.1');
  t.teardown(() => status.close());
  const pidFile = join(folder, 'pid');
  const start = async () => {
    const managed = new ManagedFluentBit({
      program,
      environment: { PATH: process.env.PATH ?? '' },
      api: new FluentBitApi(() => `http://127.0.0.1:${(status.address() as AddressInfo).port}`),
      pidFile,
      onLine: () => {},
    });
    await managed.start(join(folder, 'fluent-bit.conf'));
    t.teardown(() => managed.stop());
    return managed;
  };
  return { pidFile, start };
}

function isAlive(pid: number): boolean {
  return /^\d+ \(sleep\) [^Z]/.test(
    existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '',
  );
}

function sleeper(t: Test): ChildProcess {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('what an earlier agent left is ended', async (t) => {
  const { pidFile, start } = await machine(t);
  const left = (await start()).pid!;
  t.ok(isAlive(left));
  await start();
  t.notOk(isAlive(left));
  t.not(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), left);
});

t.test('a process that has its number by now is left alone', async (t) => {
  const { pidFile, start } = await machine(t);
  const note = readNote(pidFile, (await start()).pid!);
  const other = sleeper(t);
  // As after a reboot, and as in a container that begins to count anew.
  for (const text of [
    `${other.pid} ${note}`,
    String(other.pid),
    `${other.pid} `,
    `${other.pid} undefined`,
    '',
    '\0\0\0',
    '-1 x',
  ]) {
    writeFileSync(pidFile, text);
    await start();
    t.ok(isAlive(other.pid!), JSON.stringify(text));
  }
});

/** What is noted of a process beside its number. */
function readNote(pidFile: string, pid: number): string {
  const text = readFileSync(pidFile, 'utf8');
  t.ok(text.startsWith(`${pid} `));
  return text.slice(`${pid} `.length);
}
