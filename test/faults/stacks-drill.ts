import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { startMachine } from '../pipeline/agent/agent-on-machine.ts';
import { until } from '../until.ts';
import { pidOf } from './agent-drill.ts';

export interface StacksDrillOptions {
  readonly folder: string;
  /** Stacks of each rank. */
  readonly stacks: number;
  /** Ends by `kill -9`, in turn of Fluent Bit and of the server. */
  readonly kills: number;
}

export interface StacksDrillResult {
  readonly writtenLines: number;
  readonly storedLines: number;
  readonly writtenStacks: number;
  /** Stacks that are one record, with all their lines and no other. */
  readonly wholeStacks: number;
}

const RANKS = 2;
const LINE_MILLISECONDS = 20;

const stackOf = (rank: number, number: number) =>
  [
    'Traceback (most recent call last):',
    `  File "train.py", line ${number}, in step`,
    '    loss.backward()',
    `ValueError: stack ${number} of rank ${rank}`,
  ].map((line) => `[rank${rank}]: ${line}`);

/** Ranks write stacks line by line into one file, which a real Fluent Bit tails, while it and the server are killed. */
export async function drillStacks({ folder, stacks, kills }: StacksDrillOptions): Promise<StacksDrillResult> {
  const settings = { DATA_DIR: join(folder, 'data'), PORT: String(await freePort()) };
  let server = await startProcess(settings);
  const log = join(folder, 'logs/machine/a.log');
  const sources = [{ type: 'files', paths: [join(folder, 'logs/machine/*.log')] }];
  await fetch(`${server.url}/api/v1/profiles/fleet`, { method: 'PUT', body: JSON.stringify({ sources }) });
  const machine = await startMachine(server.url, folder, { variables: { FLUSH: 1 } });
  const isRunning = async () => (await server.get('/api/v1/agents')).agents[0]?.uptime_s !== undefined;
  await until(isRunning, 'a running Fluent Bit');

  const kill = async (number: number) => {
    if (number % 2 === 1) {
      await server.stop('SIGKILL');
      server = await startProcess(settings);
      return;
    }
    try {
      process.kill(pidOf(machine), 'SIGKILL');
    } catch {
      // It is between two lives.
    }
  };
  const expected: string[] = [];
  let killing: Promise<void> = Promise.resolve();
  let killed = 0;
  for (let number = 0; number < stacks; number++) {
    const written = Array.from({ length: RANKS }, (_, rank) => stackOf(rank, number));
    expected.push(...written.map((lines) => lines.join('\n')));
    for (let line = 0; line < written[0]!.length; line++) {
      for (const lines of written) {
        appendFileSync(log, `${lines[line]}\n`);
        await setTimeout(LINE_MILLISECONDS);
      }
      if (killed < kills && number * kills >= killed * stacks) {
        const next = killed++;
        killing = killing.then(() => kill(next));
      }
    }
  }
  await killing;

  const messages = async () => {
    const response = await fetch(`${server.url}/api/v1/logs/export?format=ndjson&q=message:*`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { message: string }).message);
  };
  const ours = async () => (await messages()).filter((message) => message.startsWith('[rank'));
  const lineCount = (of: readonly string[]) =>
    of.reduce((sum, message) => sum + message.split('\n').length, 0);
  const writtenLines = expected.length * stackOf(0, 0).length;
  const deadline = Date.now() + 60_000;
  while (lineCount(await ours()) < writtenLines && Date.now() < deadline) await setTimeout(500);
  const stored = await ours();
  const whole = new Set(stored);
  await machine.agent.stop();
  await server.stop('SIGTERM');
  return {
    writtenLines,
    storedLines: lineCount(stored),
    writtenStacks: expected.length,
    wholeStacks: expected.filter((stack) => whole.has(stack)).length,
  };
}
