import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createConsoleLog } from '../../control-plane/http/console-log.ts';
import { SPECIAL_CHARACTERS } from '../../pipeline/record/special-characters.ts';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

/** Clears the screen in three ways, rings, goes back, turns and hides text. */
const EVIL = 'a\u001b[2Jb\u009b2Jc\u0007\u0008\r\u007f\u0085\u202eevil\u2066\u200b\u{e0041}';
const SHOWN =
  'a<U+001B>[2Jb<U+009B>2Jc<U+0007><U+0008><U+000D><U+007F><U+0085><U+202E>evil<U+2066><U+200B><U+E0041>';
const dir = temporaryFolder();
const server = await startHere({ DATA_DIR: join(dir, 'data'), ADMIN_TOKEN: 'admin' });
t.teardown(() => server.close());
await server.ingest(
  JSON.stringify({
    message: `${EVIL}\nsecond line`,
    service: EVIL,
    machine_id: EVIL,
    job_id: EVIL,
    level: 'error',
    timestamp: new Date().toISOString(),
    [EVIL]: 1,
  }),
);
await fetch(`${server.url}/admin/nodes/launch`, {
  method: 'POST',
  headers: { 'X-Admin-Token': 'admin', 'Content-Type': 'application/json' },
  body: JSON.stringify({ name: EVIL }),
});
const logs = join(dir, 'logs');
mkdirSync(logs);
const entry = {
  timestamp: new Date().toISOString(),
  level: 'error',
  type: 'response',
  message: EVIL,
  endpoint: EVIL,
  method: EVIL,
  error_type: EVIL,
  status_code: 500,
};
for (const name of ['api.log', 'errors.log'])
  writeFileSync(join(logs, name), `${JSON.stringify(entry)}\nno JSON ${EVIL}\n`);

const env = { LOGPLANE_SERVER: server.url, LOGPLANE_TOKEN: 'admin', LOG_DIR: logs };

for (const [args, isShown] of [
  [['search'], true],
  [['tail'], true],
  [['count', '--by', 'service,machine_id'], true],
  [['services'], true],
  [['nodes'], true],
  [['view'], true],
  [['view', '--stats'], true],
  [['search', `service:${EVIL} (`], false],
  [['search', '--server', `http://127.0.0.1:1/${EVIL}`], false],
] as const) {
  t.test(`what ${encodeURI(args.slice(0, 2).join(' '))} prints does nothing to a terminal`, async (t) => {
    const { stdout, stderr } = await runCli(args, { env });
    t.notMatch(stdout + stderr, SPECIAL_CHARACTERS);
    if (isShown) t.match(stdout, SHOWN);
    t.ok(stdout + stderr !== '', 'something is printed');
  });
}

t.test('JSON stays the same JSON', async (t) => {
  for (const args of [
    ['search', 'level:error', '--json'],
    ['tail', '--json'],
    ['view', '--json', '--type', 'api', '--lines', '2'],
  ]) {
    const { stdout } = await runCli(args, { env });
    const [line = ''] = stdout.split('\n');
    t.notMatch(line, SPECIAL_CHARACTERS, args.join(' '));
    const { service, endpoint } = JSON.parse(line) as { service?: string; endpoint?: string };
    t.equal(service ?? endpoint, EVIL, args.join(' '));
  }
});

t.test("the server's console", async (t) => {
  const printed: string[] = [];
  const { log, error } = console;
  console.log = (line: string) => printed.push(line);
  console.error = console.log;
  const own = createConsoleLog('info');
  own.info(`sender ${EVIL} is new`);
  own.warn(`file ${EVIL}\n2026-11-30T20:00:00.000Z INFO forged`);
  Object.assign(console, { log, error });
  t.equal(printed.length, 2);
  for (const line of printed) {
    t.notMatch(line, SPECIAL_CHARACTERS);
    t.match(line, SHOWN);
  }
  t.notMatch(printed[1], /\n2026/, 'a line that is part of a message is not taken for one of its own');
});
