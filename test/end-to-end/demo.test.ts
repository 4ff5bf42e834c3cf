import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import { MODULE_OPTIONS, programFile } from '../project-module.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { readEvents } from './read-events.ts';
import { client } from './test-server.ts';

const main = programFile('control-plane/cli/main.ts');

/** The demo with the collector that the PATH leads to, until its first records are there. */
async function runDemo(t: Test, path: string, collector: RegExp): Promise<void> {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [...MODULE_OPTIONS, main, 'demo'], {
    env: { PATH: path, TMPDIR: folder, PORT: '0', GRPC_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let introduction = '';
  while (!introduction.includes('Ctrl-C')) introduction += (await once(child.stdout, 'data'))[0];
  t.match(introduction, collector);
  const url = /running at (\S+)/.exec(introduction)![1]!;
  const server = client(url);

  const events = readEvents(`${url}/api/v1/logs/stream?tail=1000`);
  await events.take(500);
  events.close();
  const { groups } = await server.get('/api/v1/logs/count?by=service');
  const services = groups.map((group: { service: string }) => group.service);
  for (const service of ['vllm', 'client', 'vector-db', 'server', 'monitoring'])
    t.ok(services.includes(service), service);
  t.ok((await server.get('/api/v1/logs/count?q=level:error')).total > 0, 'something went wrong in the fleet');

  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
  t.same(
    readdirSync(folder).filter((name) => name.startsWith('logplane-demo')),
    [],
    'its files are gone',
  );
}

t.test('the demo shows records of every service and stops cleanly', (t) =>
  runDemo(t, '', /collected by the embedded collector/),
);

t.test('with Fluent Bit on the PATH it collects', async (t) => {
  const { findFluentBit } = await import('../../pipeline/agent/fluent-bit/find-fluent-bit.ts');
  const path = process.env.PATH ?? '';
  if (findFluentBit(path) === undefined) return t.comment('skipped: fluent-bit is not on the PATH');
  await runDemo(t, path, /collected by Fluent Bit/);
});
