import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import t from 'tap';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { EventReader, take } from '../event-reader.ts';
import { startClickHouseProcess } from '../pipeline/store/clickhouse-process.ts';
import { hasRedis, startRedis } from '../redis-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { type ServerProcess, startProcess } from './test-server.ts';

t.test(
  'an agent that reports to one server is present at every server',
  { skip: hasRedis ? false : 'redis-server is not installed' },
  async (t) => {
    const redis = await startRedis();
    t.teardown(() => redis.stop());
    const clickhouse = await startClickHouseProcess(temporaryFolder());
    t.teardown(() => clickhouse.stop());
    const start = async () => {
      const server = await startProcess({
        DATA_DIR: temporaryFolder(),
        REDIS_URL: redis.url,
        CLICKHOUSE_URL: clickhouse.url,
      });
      t.teardown(() => server.stop('SIGKILL'));
      return server;
    };
    const [one, other] = await Promise.all([start(), start()]);
    const report = (server: ServerProcess, uptime_s: number) =>
      fetch(`${server.url}/api/v1/agents/gpu-1/heartbeat`, {
        method: 'POST',
        body: JSON.stringify({ version: '5.1.1', uptime_s, config_hash: 'old', group: 'gpus' }),
      }).then((response) => response.json() as Promise<any>);
    const seen = async (server: ServerProcess) => (await server.get('/api/v1/agents')).agents[0];

    const { config_hash } = await report(one, 10);
    await until(async () => (await seen(other)) !== undefined, 'the agent at the other server');
    t.match(await seen(other), {
      machine_id: 'gpu-1',
      state: 'wrong_config',
      group: 'gpus',
      expected_hash: config_hash,
    });
    t.same((await seen(other)).last_seen, (await seen(one)).last_seen);

    // A balancer sends its next report to the other one.
    await report(other, 20);
    await until(async () => (await seen(one)).uptime_s === 20, 'the newer report at the first server');

    const forgotten = await fetch(`${one.url}/api/v1/agents/gpu-1`, { method: 'DELETE' });
    t.equal(forgotten.status, 200);
    await until(async () => (await seen(other)) === undefined, 'that the other server forgets it too');
    await report(other, 30);
    await until(async () => (await seen(one))?.uptime_s === 30, 'that it is known again once it reports');

    const third = await start();
    t.match(await seen(third), { uptime_s: 30 }, 'a server that starts knows it at once');

    const readiness = async (status: number) => {
      const answer = await fetch(`${one.url}/readyz`);
      return answer.status === status && ((await answer.json()) as object);
    };
    t.match(await until(() => readiness(200), 'that the server is ready'), { status: 'ready' });
    await redis.kill();
    t.same(await until(() => readiness(503), 'that it is not ready without Redis'), {
      status: 'not ready',
      problems: { bus: 'Redis does not answer' },
      error: { message: 'Redis does not answer' },
    });
    t.equal((await one.ingest('{"message":"stored without Redis"}')).status, 200);
    await redis.restart();
    await until(() => readiness(200), 'that it is ready again');
  },
);

t.test('an insert whose answer was lost is stored once, and live readers get it once', async (t) => {
  const clickhouse = await startClickHouseProcess(temporaryFolder());
  t.teardown(() => clickhouse.stop());
  const server = await startProcess({ DATA_DIR: temporaryFolder(), CLICKHOUSE_URL: clickhouse.url });
  t.teardown(() => server.stop('SIGKILL'));
  const reader = new EventReader(`${server.url}/api/v1/logs/stream?q=answer`);
  const read = take(reader, 3);
  await until(() => reader.status === 200, 'the stream');

  const send = (n: number) =>
    server.ingest(JSON.stringify({ message: 'answer', n }), { 'X-Machine-Id': 'm' });
  t.equal((await send(1)).status, 200);
  await clickhouse.setFault('cut-after');
  t.equal((await send(2)).status, 503, 'it is repeated for a while, then the sender is told to come again');
  await clickhouse.setFault('none');
  t.match(await send(2), { status: 200, body: { accepted: 1, duplicate: true } });
  t.equal((await send(3)).status, 200);
  t.match(await server.get('/api/v1/logs/count?q=answer'), { total: 3 });
  t.same(
    (await read).map(({ data }) => JSON.parse(data).n),
    [1, 2, 3],
  );
});

t.test('over gRPC a sender is told to come again for as long as the store is away', async (t) => {
  const clickhouse = await startClickHouseProcess(temporaryFolder());
  t.teardown(() => clickhouse.stop());
  const GRPC_PORT = String(await freePort());
  const server = await startProcess({
    DATA_DIR: temporaryFolder(),
    CLICKHOUSE_URL: clickhouse.url,
    GRPC_PORT,
  });
  t.teardown(() => server.stop('SIGKILL'));
  const client = new Client(`127.0.0.1:${GRPC_PORT}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const bytes = (value: Buffer) => value;
  // ResourceLogs { ScopeLogs { LogRecord {} } }
  const request = Buffer.from([0x0a, 4, 0x12, 2, 0x12, 0]);
  const send = () =>
    new Promise<status>((resolve) =>
      client.makeUnaryRequest(
        '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
        bytes,
        bytes,
        request,
        (error: ServiceError | null) => resolve(error?.code ?? status.OK),
      ),
    );
  await clickhouse.setFault('error');
  t.equal(await send(), status.UNAVAILABLE);
  t.equal(
    await send(),
    status.UNAVAILABLE,
    'also where the store is asked first how the first attempt ended',
  );
  await clickhouse.setFault('none');
  t.equal(await send(), status.OK);
});
