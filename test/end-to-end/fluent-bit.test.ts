import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findFluentBit } from '../../pipeline/agent/fluent-bit/find-fluent-bit.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { readEvents } from './read-events.ts';
import { startHere } from './test-server.ts';

const program = findFluentBit(process.env.PATH ?? '');

/**
 * The configuration of requirements 5, with what it lacks: `DB` and a buffer on disk, retries without end,
 * `Set` in place of `Add` (a line must not spoof its machine), truncated in place of skipped long lines.
 */
const configuration = (folder: string, port: string) => `[SERVICE]
    Flush         0.2
    Daemon        off
    Log_Level     error
    Parsers_File  ${folder}/parsers.conf
    storage.path  ${folder}/storage
    scheduler.base 1
    scheduler.cap 2

[INPUT]
    Name              tail
    Path              ${folder}/workspace/logs/*.log
    Path_Key          file_path
    Tag               machine.logs
    DB                ${folder}/machine.db
    Refresh_Interval  1
    Read_from_Head    true
    Truncate_Long_Lines true
    Buffer_Max_Size   64k
    storage.type      filesystem

[INPUT]
    Name              tail
    Path              ${folder}/pm2/*.log
    Path_Key          file_path
    Tag               pm2.logs
    DB                ${folder}/pm2.db
    Refresh_Interval  1
    Read_from_Head    true
    storage.type      filesystem

[FILTER]
    Name    modify
    Match   *
    Set     machine_id \${MACHINE_ID}
    Set     worker_id \${WORKER_ID}
    Set     deployment_env \${RAILWAY_ENVIRONMENT}
    Set     region \${RAILWAY_REGION}

[OUTPUT]
    Name        http
    Match       *
    URI         /logs/ingest
    Host        \${DASH0_LOGS_HOST}
    Port        ${port}
    Format      json_lines
    Json_date_key timestamp
    Json_date_format iso8601
    compress    gzip
    Retry_Limit no_limits
    log_response_payload false
`;

t.test(
  'a real Fluent Bit ships a growing file, each line once',
  {
    skip:
      program === undefined && 'fluent-bit is not on the PATH (build it from its repository, version 5.1)',
  },
  async (t) => {
    const folder = t.testdir({ workspace: { logs: {} }, pm2: {} });
    const server = await startHere({ DATA_DIR: temporaryFolder() });
    t.teardown(() => server.close());
    mkdirSync(join(folder, 'storage'));
    writeFileSync(join(folder, 'parsers.conf'), '');
    writeFileSync(join(folder, 'fluent-bit.conf'), configuration(folder, new URL(server.url).port));
    const log = join(folder, 'workspace/logs/worker.log');
    const write = (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        appendFileSync(
          log,
          `2026-11-20T10:00:00.${String(index).padStart(6, '0')}Z INFO growing line ${index}\n`,
        );
      }
    };
    write(0, 500);
    appendFileSync(
      join(folder, 'pm2/api-out.log'),
      `${JSON.stringify({ message: 'from pm2\n', timestamp: '2026-11-20 10:00:00', type: 'out', process_id: 0, app_name: 'api', machine_id: 'spoofed' })}\n`,
    );

    const env = {
      MACHINE_ID: 'machine-prod-01',
      WORKER_ID: 'worker-gpu-01',
      RAILWAY_ENVIRONMENT: 'production',
      RAILWAY_REGION: 'us-west1',
      DASH0_LOGS_HOST: '127.0.0.1',
    };
    const fluentBit = spawn(program!, ['-c', join(folder, 'fluent-bit.conf')], { env, stdio: 'inherit' });
    t.teardown(async () => {
      fluentBit.kill('SIGTERM');
      await once(fluentBit, 'exit');
    });

    // The live stream tells when the lines are there.
    const events = readEvents(`${server.url}/api/v1/logs/stream?tail=10000&q="growing line"`);
    await events.take(500);
    write(500, 1000);
    await events.take(500);
    events.close();

    const { groups, total } = await server.get('/api/v1/logs/count?q="growing line"&by=message');
    t.equal(total, 1000, 'as many records as lines');
    t.equal(groups.length, 1000, 'and each of them once');
    const { records } = await server.get('/api/v1/logs/search?q="growing line 999"');
    t.match(records, [
      {
        timestamp: '2026-11-20T10:00:00.000999Z',
        level: 'INFO',
        message: '2026-11-20T10:00:00.000999Z INFO growing line 999',
        machine_id: 'machine-prod-01',
        worker_id: 'worker-gpu-01',
        deployment_env: 'production',
        region: 'us-west1',
        source: 'file',
        file_path: log,
      },
    ]);
    const pm2 = (await server.get('/api/v1/logs/search?q="from pm2"')).records;
    t.match(pm2, [{ source: 'pm2', app_name: 'api', type: 'out', service: 'server' }]);
    t.equal(pm2[0].message, 'from pm2');
    t.equal(pm2[0].machine_id, 'machine-prod-01', 'a line cannot say that it is of another machine');
  },
);
