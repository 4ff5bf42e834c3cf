import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkConfig } from '../../pipeline/agent/fluent-bit/check-config.ts';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { renderConfig } from '../../pipeline/agent/fluent-bit/render-config.ts';
import { Templates } from '../../pipeline/agent/fluent-bit/templates.ts';
import { variablesOf } from '../../pipeline/agent/fluent-bit/variables.ts';
import { startHere } from '../end-to-end/test-server.ts';
import { fluentBit, withoutFluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { readCompose } from './compose-files.ts';

const TRACEBACK = `Traceback (most recent call last):
  File "/app/train.py", line 10, in <module>
    main()
  File "/app/train.py", line 6, in main
    raise ValueError("bad batch")
ValueError: bad batch
`;
const LINES = 200;

t.test(
  'the sidecar of the compose file ships every source, each line once',
  { skip: withoutFluentBit },
  async (t) => {
    const server = await startHere({ DATA_DIR: temporaryFolder(), INGEST_TOKEN: 'ingest-secret' });
    t.teardown(() => server.close());
    const folder = temporaryFolder();
    for (const path of ['workspace/logs', 'workspace/slurm', 'var/log/pm2', 'state']) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    const forwardPort = await freePort();

    // What the agent of the compose file reports, on this machine's ports.
    const { agent } = readCompose('docker-compose.yml').services;
    const variables = {
      ...variablesOf(agent!.environment!),
      LOGS_HOST: '127.0.0.1',
      LOGS_PORT: new URL(server.url).port,
      FORWARD_LISTEN: '127.0.0.1',
      FORWARD_PORT: forwardPort,
      FLUENT_BIT_HTTP_PORT: await freePort(),
      FLUENT_BIT_HTTP_LISTEN: '127.0.0.1',
      FLUSH: '0.2',
    };
    const rendered = renderConfig(new Templates(), { template: 'fluent-bit-worker.conf', variables });
    t.same(rendered.problems, []);
    t.same(checkConfig(rendered.files, ['INGEST_TOKEN']).problems, []);
    for (const { name, content } of rendered.files) {
      const here = content
        .replaceAll(/ \/(workspace|var\/log)\//g, ` ${folder}/$1/`)
        .replaceAll(/,\/(workspace|var\/log)\//g, `,${folder}/$1/`)
        .replaceAll('/var/lib/fluent-bit', join(folder, 'state'));
      writeFileSync(join(folder, name), here);
    }
    const sidecar = spawn(fluentBit!, ['-c', 'fluent-bit-worker.conf'], {
      cwd: folder,
      env: { INGEST_TOKEN: 'ingest-secret' },
      stdio: process.env.SHOW_FLUENT_BIT ? 'inherit' : 'ignore',
    });
    t.teardown(async () => {
      sidecar.kill('SIGTERM');
      await once(sidecar, 'exit');
    });

    for (let line = 0; line < LINES; line++) {
      appendFileSync(join(folder, 'workspace/logs/worker.log'), `INFO file ${line}\n`);
      appendFileSync(
        join(folder, 'var/log/pm2/api-out.log'),
        `${JSON.stringify({ message: `pm2 ${line}\n`, timestamp: '2026-11-20 10:00:00', type: 'out', process_id: 0, app_name: 'api', machine_id: 'spoofed' })}\n`,
      );
      appendFileSync(join(folder, 'workspace/slurm/train_4711_3.out'), `step ${line}\n`);
    }
    for (const path of [
      'workspace/logs/worker.log',
      'workspace/slurm/train_4711_3.out',
      'var/log/pm2/api-error.log',
    ])
      appendFileSync(join(folder, path), `${TRACEBACK}INFO after the stack\n`);

    // A container's lines as docker's fluentd driver sends them: another Fluent Bit speaks its protocol.
    const container = { container_id: 'c0ffee', container_name: '/web-1', source: 'stdout' };
    const lines = [
      ...Array.from({ length: LINES }, (_, line) => `container ${line}`),
      ...TRACEBACK.trimEnd().split('\n'),
      'INFO end',
    ];
    writeFileSync(
      join(folder, 'container.json'),
      lines.map((log) => `${JSON.stringify({ ...container, log })}\n`).join(''),
    );
    writeFileSync(
      join(folder, 'client.conf'),
      `[SERVICE]
    Flush 0.2
    Parsers_File parsers.conf
[INPUT]
    Name tail
    Path ${folder}/container.json
    Read_from_Head true
    Parser json
    Tag docker.worker.web-1
[OUTPUT]
    Name forward
    Match *
    Host 127.0.0.1
    Port ${forwardPort}
    Require_ack_response true
    Retry_Limit no_limits
`,
    );
    const driver = spawn(fluentBit!, ['-q', '-c', 'client.conf'], { cwd: folder, stdio: 'ignore' });
    t.teardown(async () => {
      driver.kill('SIGTERM');
      await once(driver, 'exit');
    });

    const count = async (q: string) =>
      (await server.get(`/api/v1/logs/count?q=${encodeURIComponent(q)}`)).total as number;
    const total = 4 * LINES + 4 * 2;
    await until(async () => (await count('')) >= total, `${total} records`).catch(async (error) => {
      console.error(await server.get('/api/v1/logs/count?by=source,file_path'));
      throw error;
    });
    const stamps = {
      machine_id: 'machine-prod-01',
      worker_id: 'worker-gpu-01',
      deployment_env: 'production',
      region: 'us-west1',
    };
    t.equal(await count(''), total, 'as many records as events');
    for (const [source, q] of [
      ['file', 'source:file "INFO file"'],
      ['pm2', 'source:pm2 app_name:api "pm2"'],
      ['slurm', 'source:slurm job_id:4711 "step"'],
      ['docker', 'source:docker container_id:c0ffee "container"'],
    ] as const) {
      const answer = await server.get(`/api/v1/logs/count?by=message&q=${encodeURIComponent(q)}`);
      t.equal(answer.groups.length, LINES, `${source}: every line`);
      t.equal(answer.total, LINES, `${source}: each of them once`);
      const { records } = await server.get(`/api/v1/logs/search?limit=1&q=${encodeURIComponent(q)}`);
      t.match(records, [stamps], `${source}: the machine's stamps, whatever the line says`);
    }
    const stacks = await server.get(`/api/v1/logs/search?q=${encodeURIComponent('"Traceback"')}`);
    t.equal(stacks.records.length, 4, 'one stack of each source');
    for (const record of stacks.records) {
      t.equal(record.message.trimEnd(), TRACEBACK.trimEnd(), `${record.source}: in one piece`);
      t.equal(record.level, 'ERROR', record.source);
    }
    t.match(await server.get('/api/v1/logs/search?q=source:slurm&limit=1'), {
      records: [{ job_id: '4711' }],
    });
  },
);
