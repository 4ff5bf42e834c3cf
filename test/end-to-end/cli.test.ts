import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const dir = temporaryFolder();
const server = await startHere({ DATA_DIR: join(dir, 'data'), READ_TOKEN: 'secret', LOG_API_CALLS: 'false' });
t.teardown(() => server.close());

const env = { LOGPLANE_SERVER: server.url, LOGPLANE_TOKEN: 'secret' };
const logplane = (args: string[], options: Parameters<typeof runCli>[1] = {}) =>
  runCli(args, { ...options, env: { ...env, ...options.env } });

t.test('ingest takes files, packed files and a pipe', async (t) => {
  const json = join(dir, 'app.json');
  const lines = ['one', 'two', 'two'].map((message) =>
    JSON.stringify({ message, service: 'cli', level: 'warn' }),
  );
  writeFileSync(json, lines.join('\n'));
  const text = join(dir, 'plain.log.gz');
  writeFileSync(text, gzipSync('2025-06-01 10:00:00 ERROR from a packed file\n\nsecond line\n'));
  t.match(await logplane(['ingest', '--machine', 'm7', json, text]), {
    code: 0,
    stderr: /5 records accepted, 0 rejected/,
  });
  await logplane(['ingest', '--machine', 'm7', json]);
  t.equal((await logplane(['count', 'service:cli'])).stdout, '3\n', 'a file sent again is stored once');
  const piped = { input: '{"message":"piped","service":"pipe"}\n' };
  await logplane(['ingest', '-'], piped);
  await logplane(['ingest', '-'], piped);
  t.equal(
    (await logplane(['count', '-q', 'service:pipe'])).stdout,
    '2\n',
    'a line that is piped again is another one',
  );
  t.match(await logplane(['search', '--json', '"packed file"']), {
    stdout:
      /"level":"ERROR","message":"2025-06-01 10:00:00 ERROR from a packed file".*"machine_id":"m7".*plain\.log\.gz/,
  });
});

t.test('search, count and services print for people and for programs', async (t) => {
  const search = await logplane(['search', '-q', 'service:cli', '--asc']);
  t.match(search, { code: 0, stdout: /^\S+Z WARN {2}m7\/cli one\n.* two\n.* two\n$/ });
  t.equal((await logplane(['search', 'service:cli', '-n', '1'])).stdout.split('\n').length, 2);
  t.match(
    (await logplane(['count', '--by', 'service,level'])).stdout,
    /^service +level +count\ncli +warn? +3\n/i,
  );
  t.match(JSON.parse((await logplane(['services', '--json'])).stdout), { cli: { record_count: 3 } });
  t.match((await logplane(['services'])).stdout, /^service +records/);
  t.match((await logplane(['search', 'service:cli'], { env: { FORCE_COLOR: '1' } })).stdout, /\u001b\[33m/);
  const both = { env: { FORCE_COLOR: '1', NO_COLOR: '1' } };
  t.notMatch((await logplane(['search', 'service:cli'], both)).stdout, /\u001b/);
});

t.test('tail gives history, and follows', async (t) => {
  t.match(await logplane(['tail', '-n', '2', '-q', 'service:cli']), {
    code: 0,
    stdout: /^.* two\n.* two\n$/,
  });
  let sent: Promise<unknown> | undefined;
  const following = await logplane(['tail', '-f', '-n', '1', '-q', 'service:cli OR service:live', '--json'], {
    until: (stdout) => {
      sent ??= server.ingest('{"message":"new","service":"live"}');
      return stdout.includes('"new"');
    },
  });
  t.match(await sent, { status: 200 });
  const messages = following.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).message);
  t.same(messages, ['two', 'new']);
});

t.test('what goes wrong has a code and one line', async (t) => {
  const cases: [name: string, args: string[], code: number, stderr: RegExp][] = [
    ['a query that does not parse', ['search', '(('], 1, /^logplane: .*\(400\)\n$/s],
    ['no right', ['services', '--token', 'wrong'], 1, /^logplane: invalid read token \(401\)\n$/],
    [
      'no server',
      ['count', '--server', 'http://127.0.0.1:1'],
      1,
      /^logplane: cannot reach http:\/\/127\.0\.0\.1:1: /,
    ],
    ['an unknown command', ['nope'], 2, /unknown command 'nope'/],
    ['an unknown option', ['count', '--nope'], 2, /unknown option '--nope'/],
    ['a bad number', ['tail', '-n', 'x'], 2, /Expected a whole number from 0/],
    ['a missing file', ['ingest', '/nope/nope'], 1, /ENOENT/],
  ];
  for (const [name, args, code, stderr] of cases) t.match(await logplane(args), { code, stderr }, name);
});

t.test('help, version and completion', async (t) => {
  const help = await logplane(['--help']);
  t.equal(help.code, 0);
  const commands = [
    'serve',
    'tail',
    'search',
    'count',
    'stats',
    'services',
    'jobs',
    'nodes',
    'export',
    'ingest',
    'view',
  ];
  for (const command of commands) t.match(help.stdout, new RegExp(`\\n {2}${command}\\b`));
  t.match(await logplane(['count', '--help']), { code: 0, stdout: /Usage: logplane count/ });
  t.match(await logplane(['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  for (const shell of ['bash', 'zsh', 'fish'])
    t.match((await logplane(['completion', shell])).stdout, /logplane.*--follow/s);
});
