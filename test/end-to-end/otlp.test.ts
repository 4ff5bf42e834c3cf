import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import t from 'tap';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { REAL_LOGS_FOLDER } from '../project-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startHere } from './test-server.ts';

const LIMIT = 1024 * 1024;
const grpcPort = await freePort();
const server = await startHere({
  DATA_DIR: temporaryFolder(),
  GRPC_PORT: String(grpcPort),
  INGEST_TOKEN: 'secret',
  INGEST_MAX_BYTES: String(LIMIT),
});
t.teardown(() => server.close());

type Found = Record<string, unknown>;

const PATH = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const authorization = 'Bearer secret';
const search = async (q: string) =>
  (await server.get(`/api/v1/logs/search?q=${encodeURIComponent(q)}`)).records as Found[];

function post(body: string | Uint8Array, headers: Record<string, string> = {}) {
  const all = { authorization, 'content-type': 'application/json', ...headers };
  return fetch(`${server.url}/v1/logs`, { method: 'POST', body, headers: all });
}

function grpcCall(message: Buffer, metadata: Record<string, string> = { authorization }): Promise<Buffer> {
  const client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  const given = new Metadata();
  for (const [name, value] of Object.entries(metadata)) given.set(name, value);
  return new Promise<Buffer>((resolve, reject) => {
    const bytes = (value: Buffer) => value;
    client.makeUnaryRequest(PATH, bytes, bytes, message, given, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer!);
    });
  });
}

const refusal = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => t.fail('the call was not refused') as never,
    (error: ServiceError) => error,
  );

t.test('official exporters deliver', async (t) => {
  const headers = { authorization };
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  const url = `${server.url}/v1/logs`;
  const grpcUrl = `http://127.0.0.1:${grpcPort}`;
  const gzip = 'gzip' as never;
  const exporters: [name: string, exporter: LogRecordExporter][] = [
    ['grpc', new GrpcExporter({ url: grpcUrl, metadata })],
    ['grpc gzip', new GrpcExporter({ url: grpcUrl, metadata, compression: gzip })],
    ['protobuf', new ProtobufExporter({ url, headers })],
    ['protobuf gzip', new ProtobufExporter({ url, headers, compression: gzip })],
    ['json', new JsonExporter({ url, headers })],
    ['json gzip', new JsonExporter({ url, headers, compression: gzip })],
  ];
  for (const [name, exporter] of exporters) {
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'exporters', 'host.name': 'machine-7' }),
      processors: [new BatchLogRecordProcessor({ exporter })],
    });
    provider.getLogger('the-scope', '2.0').emit({
      timestamp: [1_544_712_660, 300_000_001],
      observedTimestamp: [1_544_712_661, 5],
      severityNumber: 17,
      severityText: 'ERROR',
      eventName: 'an.event',
      body: `by ${name}`,
      attributes: { exporter: name, job_id: '405737', list: [1, 2], nested: { deep: { yes: true } } },
    });
    await provider.shutdown();
    t.match(
      await search(`exporter:"${name}"`),
      [
        {
          timestamp: '2018-12-13T14:51:00.300000001Z',
          observed_timestamp: '2018-12-13T14:51:01.000000005Z',
          level: 'ERROR',
          severity_number: 17,
          message: `by ${name}`,
          event_name: 'an.event',
          service: 'exporters',
          machine_id: 'machine-7',
          job_id: '405737',
          source: 'otlp',
          list: [1, 2],
          nested: { deep: { yes: true } },
          'otel.scope.name': 'the-scope',
          'otel.scope.version': '2.0',
        },
      ],
      name,
    );
  }
});

const message = (...logRecords: unknown[]) =>
  JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });

t.test('the same bytes are stored once, over HTTP and gRPC', async (t) => {
  const time = 1_773_769_600_000_000_000n;
  const body = message({ timeUnixNano: `${time}`, body: { stringValue: 'only once' } });
  t.match(await (await post(body)).json(), { accepted: 1, duplicate: false });
  t.match(await (await post(body)).json(), { accepted: 1, duplicate: true });
  t.equal((await search('"only once"')).length, 1);
  // ResourceLogs { ScopeLogs { LogRecord { time_unix_nano, body: "by grpc, once" } } }
  const nanoseconds = Buffer.alloc(9, 0x09);
  nanoseconds.writeBigUInt64LE(time, 1);
  const text = Buffer.from('by grpc, once');
  const wrap = (tag: number, content: Buffer) => Buffer.concat([Buffer.from([tag, content.length]), content]);
  const bytes = wrap(
    0x0a,
    wrap(0x12, wrap(0x12, Buffer.concat([nanoseconds, wrap(0x2a, wrap(0x0a, text))]))),
  );
  t.same(await grpcCall(bytes), Buffer.alloc(0));
  await grpcCall(bytes);
  const protobuf = { 'content-type': 'application/x-protobuf' };
  const answer = await post(bytes, protobuf);
  t.equal(answer.headers.get('content-type'), 'application/x-protobuf');
  t.equal((await answer.arrayBuffer()).byteLength, 0);
  t.equal((await search('"by grpc, once"')).length, 1);
});

t.test('partial success names what was rejected and keeps it', async (t) => {
  const answer = await post(message({ body: { stringValue: 'the neighbour' } }, { body: 'no value' }));
  t.equal(answer.status, 200);
  t.match(await answer.json(), {
    accepted: 1,
    rejected: 1,
    partialSuccess: { rejectedLogRecords: '1', errorMessage: /1 of 2 log records could not be read/ },
  });
  t.equal((await search('"the neighbour"')).length, 1);
  const { dead_letters } = await server.get('/api/v1/dead-letters?limit=1');
  t.match(dead_letters[0], { source: 'otlp', line: 2, reason: /expected a value/, content: /no value/ });
  // The body of the second record is longer than the record.
  const bytes = Buffer.from([0x0a, 8, 0x12, 6, 0x12, 0, 0x12, 2, 0x2a, 5]);
  t.match(String(await grpcCall(bytes)), /1 of 2 log records could not be read/);
});

t.test('what is refused over HTTP, with its status', async (t) => {
  const protobuf = { 'content-type': 'application/x-protobuf' };
  const gzip = { 'content-encoding': 'gzip' };
  const cases: [
    name: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    status: number,
    text: RegExp,
  ][] = [
    [
      'malformed protobuf',
      Buffer.from('this is no protobuf'),
      protobuf,
      400,
      /not an OTLP request in protobuf/,
    ],
    ['malformed JSON', '{"resourceLogs":', {}, 400, /not an OTLP request in json/],
    ['another JSON', '[]', {}, 400, /expected an object/],
    ['truncated gzip', gzipSync(message({})).subarray(0, 20), gzip, 400, /not valid gzip/],
    ['a body over the limit', Buffer.alloc(LIMIT + 1), protobuf, 413, /INGEST_MAX_BYTES/],
    ['a bomb', gzipSync(Buffer.alloc(LIMIT * 20)), { ...protobuf, ...gzip }, 413, /INGEST_MAX_BYTES/],
    ['another type', 'x', { 'content-type': 'text/plain' }, 415, /expected application\/x-protobuf/],
    ['no token', message({}), { authorization: '' }, 401, /missing ingest token/],
    ['a wrong token', message({}), { authorization: 'Bearer no' }, 401, /invalid ingest token/],
  ];
  for (const [name, body, headers, status, text] of cases) {
    const answer = await post(body, headers);
    t.equal(answer.status, status, name);
    t.match(((await answer.json()) as { error: { message: string } }).error.message, text, name);
  }
  t.same(await (await post('{}')).json(), { accepted: 0, rejected: 0, duplicate: false }, 'an empty request');
});

t.test('what is refused over gRPC, with its code', async (t) => {
  const cases: [name: string, message: Buffer, metadata: Record<string, string>, code: status][] = [
    ['malformed', Buffer.from('this is no protobuf'), { authorization }, status.INVALID_ARGUMENT],
    ['over the limit', Buffer.alloc(LIMIT + 1), { authorization }, status.RESOURCE_EXHAUSTED],
    ['no token', Buffer.alloc(0), {}, status.UNAUTHENTICATED],
    ['a wrong token', Buffer.alloc(0), { authorization: 'Bearer no' }, status.UNAUTHENTICATED],
  ];
  for (const [name, message, metadata, code] of cases) {
    t.equal((await refusal(grpcCall(message, metadata))).code, code, name);
  }
  t.same(await grpcCall(Buffer.alloc(0)), Buffer.alloc(0), 'the next call is served');
});

t.test('a hundred megabytes are refused, and others are served meanwhile', async (t) => {
  const large = refusal(grpcCall(Buffer.alloc(100 * 1024 * 1024)));
  t.match(await (await post(message({ body: { stringValue: 'beside it' } }))).json(), { accepted: 1 });
  t.equal((await large).code, status.RESOURCE_EXHAUSTED);
});

const fluentBit = spawnSync('fluent-bit', ['--version']).status === 0;

t.test(
  "Fluent Bit's opentelemetry output delivers",
  {
    skip: fluentBit ? false : 'Fluent Bit is not installed',
  },
  async (t) => {
    const dummy = JSON.stringify({ log: '2025-06-01 10:00:00 ERROR from fluent bit', machine_id: 'fb-1' });
    const args = ['-q', '-f', '0.2', '-i', 'dummy', '-p', `dummy=${dummy}`, '-p', 'samples=1'];
    const output = ['-o', 'opentelemetry', '-p', 'host=127.0.0.1', '-p', `port=${new URL(server.url).port}`];
    const child = spawn(
      'fluent-bit',
      [
        ...args,
        ...output,
        '-p',
        'logs_uri=/v1/logs',
        '-p',
        'logs_body_key_attributes=true',
        '-p',
        `header=Authorization ${authorization}`,
      ],
      { stdio: 'inherit' },
    );
    const found = await until(async () => {
      const records = await search('"from fluent bit"');
      return records.length > 0 && records;
    }, 'the record');
    child.kill('SIGTERM');
    await once(child, 'exit');
    t.match(found, [{ machine_id: 'fb-1', level: 'ERROR', source: 'otlp' }]);
  },
);

const example = resolve(REAL_LOGS_FOLDER, 'otlp/logs.json');

t.test(
  "the specification's example answers back",
  {
    skip: existsSync(example) ? false : 'real logs are not here',
  },
  async (t) => {
    await post(readFileSync(example));
    t.match(await search('service:my.service'), [
      {
        timestamp: '2018-12-13T14:51:00.300000000Z',
        'int.attribute': 10,
        'array.attribute': ['many', 'values'],
      },
    ]);
  },
);
