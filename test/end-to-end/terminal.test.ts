import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { canRunInTerminal, runCli, runInTerminal } from '../control-plane/cli/run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const COLOUR = /\u001b\[\d+m/;
const PROGRESS = /\r\u001b\[K/;

if (!canRunInTerminal()) t.plan(0, 'not installed: script (util-linux)');
else {
  const dir = temporaryFolder();
  const logs = join(dir, 'logs');
  const server = await startHere({ DATA_DIR: join(dir, 'data'), LOG_API_CALLS: 'true', LOG_DIR: logs });
  t.teardown(() => server.close());
  await server.ingest(
    ['info', 'warn', 'error']
      .map((level) =>
        JSON.stringify({ message: `of level ${level}`, level, service: 'shown', job_id: '4711' }),
      )
      .join('\n'),
  );
  await server.get('/api/v1/logs/recent');
  const env = { LOGPLANE_SERVER: server.url };
  const file = join(dir, 'app.log');
  writeFileSync(file, 'INFO a line of a file\n'.repeat(1_000));

  // What each shows to people and to programs; colours and progress on a terminal alone.
  const commands: [args: string[], shows: RegExp, onTerminal: RegExp | undefined][] = [
    [['search', '-q', 'service:shown'], /ERROR.*shown.*of level error/, COLOUR],
    [['tail', '-n', '2'], /shown.*of level/, COLOUR],
    [['count', '--by', 'level'], /^.*level +count/, COLOUR],
    [['stats', '--hours', '1'], /Last 1 hours/, COLOUR],
    [['services'], /shown +3/, COLOUR],
    [['jobs'], /4711 +RUNNING +3/i, COLOUR],
    [['export', '-q', 'service:shown', '-o', join(dir, 'out.ndjson')], /exported \d+ bytes/, PROGRESS],
    [['ingest', file], /1000 records accepted/, PROGRESS],
    [['view', '--type', 'api', '--log-dir', logs], /Outgoing response/, COLOUR],
    [['view', '--stats', '--log-dir', logs], /requests: \d+/, COLOUR],
    [['completion', 'bash'], /complete .*logplane/, undefined],
    [['--help'], /Usage: logplane .*Exit codes/s, undefined],
  ];
  for (const [args, shows, onTerminal] of commands) {
    t.test(`logplane ${args.slice(0, 2).join(' ')}`, async (t) => {
      const terminal = await runInTerminal(args, { env });
      const pipe = await runCli(args, { env });
      t.equal(terminal.code, 0);
      t.match(terminal.screen.replaceAll(/\u001b\[\d*[mK]/g, ''), shows);
      if (onTerminal) t.match(terminal.screen, onTerminal);
      t.equal(pipe.code, 0);
      t.match(pipe.stdout + pipe.stderr, shows);
      t.notMatch(pipe.stdout + pipe.stderr, /[\u001b\r]/, 'plain in a pipe');
    });
  }

  t.test('NO_COLOR, wrong use, what goes wrong', async (t) => {
    const plain = await runInTerminal(['search', 'service:shown'], { env: { ...env, NO_COLOR: '1' } });
    t.notMatch(plain.screen, COLOUR);
    t.match(await runInTerminal(['count', '--nope'], { env }), {
      code: 2,
      screen: /unknown option '--nope'/,
    });
    t.match(await runInTerminal(['count', '-q', 'level:('], { env }), {
      code: 1,
      screen: /logplane: .*\(400\)/s,
    });
  });

  t.test('tail -f follows until Ctrl-C', async (t) => {
    let sent: Promise<unknown> | undefined;
    const { code, screen } = await runInTerminal(
      ['tail', '-f', '-n', '1', '-q', 'service:live OR service:shown'],
      {
        env,
        until: (screen) => {
          if (screen.includes('of level')) sent ??= server.ingest('{"message":"fresh","service":"live"}');
          return screen.includes('fresh');
        },
      },
    );
    t.match(await sent, { status: 200 });
    t.match(screen, COLOUR);
    t.ok(code === 0 || code === 130, `code ${code}`);
  });

  t.test('nodes follow draws its phases', async (t) => {
    const entry = (message: string, phase: string, progress: number) => ({
      timestamp: '2024-01-15T10:30:00Z',
      level: 'info',
      message,
      phase,
      progress,
    });
    const events = [
      ['log', entry('Launching', 'provisioning', 25)],
      ['log', entry('Ready', 'active', 100)],
      ['done', { status: 'active', endpoint: 'http://10.0.0.1', message: 'serving' }],
    ] as const;
    const nodes = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        events
          .map(([name, data], id) => `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`)
          .join(''),
      );
    }).listen(0, '127.0.0.1');
    await once(nodes, 'listening');
    t.teardown(() => nodes.closeAllConnections());
    t.teardown(() => nodes.close());
    const at = { LOGPLANE_SERVER: `http://127.0.0.1:${(nodes.address() as AddressInfo).port}` };
    const { code, screen } = await runInTerminal(['nodes', 'follow', 'n1', '--token', 'x'], { env: at });
    t.equal(code, 0);
    t.match(screen, /\[#{6}-{18}\] 25 % provisioning/);
    t.match(screen, /active: serving http:\/\/10\.0\.0\.1/);
  });

  t.test('serve and demo run until Ctrl-C, and end cleanly', async (t) => {
    const settings = {
      PORT: '0',
      GRPC_PORT: '0',
      LOG_API_CALLS: 'false',
      HOME: dir,
    };
    const served = await runInTerminal(['serve'], {
      env: { ...settings, DATA_DIR: join(dir, 'served') },
      until: (screen) => screen.includes('listening on'),
    });
    t.match(served, { code: 0, screen: /stopping: finishing accepted requests/ });
    const demo = await runInTerminal(['demo'], {
      env: settings,
      until: (screen) => /http:\/\/\S+/.test(screen),
    });
    t.match(demo, { code: 0, screen: /http:\/\/127\.0\.0\.1:\d+/ });
  });
}
