import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { readConfig, SETTINGS } from '../../control-plane/config.ts';
import { VARIABLES } from '../../pipeline/agent/fluent-bit/variables.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { example, read, readCompose } from './compose-files.ts';

const { services } = readCompose('docker-compose.yml');
const cluster = readCompose('docker-compose.cluster.yml').services;
const dockerfile = read('Dockerfile');

const names = new Set([
  ...Object.entries(VARIABLES).flatMap(([name, { aliases = [] }]) => [name, ...aliases]),
  'LOGPLANE_SERVER',
  'LOGPLANE_TOKEN',
]);

t.test('every variable of the servers is a setting, and parses', async (t) => {
  for (const [name, { environment = {} }] of Object.entries({ ...services, ...cluster })) {
    if (!name.startsWith('control-plane')) continue;
    t.same(
      Object.keys(environment).filter((each) => !(each in SETTINGS.shape)),
      [],
      name,
    );
    t.doesNotThrow(() => readConfig(environment), name);
  }
});

t.test('every variable of the agent is one of the templates or of the command', async (t) => {
  const given = Object.keys(services.agent!.environment!);
  t.same(
    given.filter((each) => !names.has(each)),
    [],
  );
});

t.test('.env.example sets nothing that no file reads', async (t) => {
  const files = read('docker-compose.yml') + read('docker-compose.cluster.yml');
  const unread = Object.keys(example).filter((name) => !files.includes(`\${${name}`));
  t.same(unread, ['COMPOSE_PROJECT_NAME'], 'docker itself reads the name of the project');
});

t.test('the worker logs to the Fluent Bit beside it', async (t) => {
  t.equal(services.worker!.logging!.driver, 'fluentd');
  t.equal(services.worker!.logging!.options['fluentd-address'], '127.0.0.1:24224');
  t.same(services['fluent-bit']!.ports, ['127.0.0.1:24224:24224']);
});

t.test(
  'Fluent Bit reads the volume that the agent writes, and logs without a way to change them',
  async (t) => {
    t.ok(services.agent!.volumes!.includes('fluent-bit-config:/fluent-bit/etc'));
    t.ok(services['fluent-bit']!.volumes!.includes('fluent-bit-config:/fluent-bit/etc:ro'));
    for (const path of ['/workspace', '/var/log'])
      t.ok(services['fluent-bit']!.volumes!.includes(`${path}:${path}:ro`), path);
    t.match(dockerfile, /^FROM fluent\/fluent-bit:5\.1\.1 /m, 'a pinned version');
  },
);

t.test('every service has limits, a health check and comes back', async (t) => {
  for (const [name, service] of Object.entries({ ...cluster, ...services })) {
    if (name === 'worker') continue;
    t.ok(service.deploy?.resources.limits.memory, `${name}: memory`);
    t.equal(service.restart, 'unless-stopped', name);
    // The image of the server brings its own.
    if (!name.startsWith('control-plane')) t.ok(service.healthcheck, `${name}: health`);
  }
});

t.test('the image runs as nobody special, on glibc, and watches itself', async (t) => {
  t.match(dockerfile, /^FROM node:24-bookworm-slim AS logplane$/m);
  t.match(dockerfile, /^USER node$/m);
  t.match(dockerfile, /HEALTHCHECK[\s\S]+readyz/);
  t.notMatch(dockerfile, /:latest/);
});

t.test('logs are rotated as required', async (t) => {
  for (const directive of [
    'daily',
    'rotate 7',
    'compress',
    'delaycompress',
    'missingok',
    'notifempty',
    'create 644 root root',
  ])
    t.match(read('logrotate.conf'), new RegExp(`^ +${directive}$`, 'm'), directive);
});

t.test('docker itself takes the files', async (t) => {
  const compose = [['docker', 'compose'], ['docker-compose']].find(
    ([program, ...args]) => spawnSync(program!, [...args, 'version']).status === 0,
  );
  if (!compose) return t.comment('skipped: neither "docker compose" nor docker-compose is there');
  const env = join(mkdtempSync(join(tmpdir(), 'logplane-compose-')), '.env');
  writeFileSync(
    env,
    Object.entries(example)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const folder = resolve(PROJECT_FOLDER, 'docker');
  for (const files of [['docker-compose.yml'], ['docker-compose.yml', 'docker-compose.cluster.yml']]) {
    const [program, ...args] = [
      ...compose,
      '--env-file',
      env,
      ...files.flatMap((file) => ['-f', join(folder, file)]),
    ];
    const { status, stderr } = spawnSync(program!, [...args, 'config', '-q'], { encoding: 'utf8' });
    t.equal(status, 0, `${files}: ${stderr}`);
  }
});
