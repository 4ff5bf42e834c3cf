import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePort } from '../../../../pipeline/agent/fluent-bit/free-port.ts';
import { renderConfig } from '../../../../pipeline/agent/fluent-bit/render-config.ts';
import { Templates } from '../../../../pipeline/agent/fluent-bit/templates.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { until } from '../../../until.ts';
import { fluentBit, withoutFluentBit } from '../agent-on-machine.ts';

interface Line {
  readonly log: string;
  readonly lines_left_out?: number;
}

/** What a real Fluent Bit makes of a file's lines, until `isDone`. */
async function shipped(
  t: Test,
  variables: Record<string, string | number | boolean>,
  lines: readonly string[],
  isDone: (lines: readonly Line[]) => boolean,
): Promise<readonly Line[]> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.log'), lines.map((line) => `${line}\n`).join(''));
  const { files, problems } = renderConfig(new Templates(), {
    template: 'fluent-bit-worker.conf',
    variables: {
      MACHINE_ID: 'm',
      WORKER_ID: '',
      DEPLOYMENT_ENV: '',
      REGION: '',
      LOGS_HOST: '127.0.0.1',
      LOGS_PORT: 1,
      OUTPUTS: 'stdout',
      FLUSH: '0.2',
      LOG_LEVEL: 'error',
      FLUENT_BIT_HTTP_PORT: await freePort(),
      FLUENT_BIT_STATE_DIR: folder,
      ...variables,
    },
    sources: [{ type: 'files', paths: [join(folder, '*.log')] }],
  });
  t.same(problems, []);
  for (const { name, content } of files) writeFileSync(join(folder, name), content);
  const child = spawn(fluentBit!, ['-q', '-c', 'fluent-bit-worker.conf'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const read = () => [...output.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line) as Line);
  await until(() => isDone(read()), 'the last line');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return read();
}

const isLast = ({ log }: Line) => log.includes('ERROR the last');

t.test('a limit keeps every error and reports what it left out', { skip: withoutFluentBit }, async (t) => {
  const lines = Array.from({ length: 3_000 }, (_, index) =>
    index % 60 === 0 ? `ERROR number ${index}` : `INFO number ${index}`,
  );
  const kept = await shipped(t, { RATE_LIMIT: 100 }, [...lines, 'ERROR the last'], (now) => now.some(isLast));
  t.equal(kept.filter(({ log }) => log.startsWith('ERROR')).length, 51, 'all errors');
  t.ok(kept.length < 1_000, `${kept.length} of ${lines.length + 1} lines`);
  const leftOut = kept.reduce((sum, { lines_left_out = 0 }) => sum + lines_left_out, 0);
  t.equal(kept.length + leftOut, lines.length + 1, 'every line is there or counted');
});

t.test('a sample keeps one in ten, and every error', { skip: withoutFluentBit }, async (t) => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `INFO number ${index}`);
  const kept = await shipped(t, { SAMPLE_ONE_IN: 10 }, [...lines, 'ERROR the last'], (now) =>
    now.some(isLast),
  );
  t.equal(kept.length, 101);
});

t.test('secrets are masked on the machine', { skip: withoutFluentBit }, async (t) => {
  const secrets = [
    'login with password=hunter2 and more',
    'Authorization: Bearer abc.def-123',
    '{"api_key": "sk-123456", "model": "m"}',
    'connecting to postgres://user:hunter2@db/x',
    'nothing secret here',
  ];
  const kept = await shipped(t, { REDACT: true }, [...secrets, 'ERROR the last'], (now) => now.some(isLast));
  const text = kept.map(({ log }) => log).join('\n');
  t.notMatch(text, /hunter2|abc\.def|sk-123456/);
  t.match(text, /password=\[REDACTED\] and more/);
  t.match(text, /"model": "m"/);
  t.match(text, /nothing secret here/);
});
