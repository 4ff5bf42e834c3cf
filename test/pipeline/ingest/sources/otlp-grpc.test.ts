import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { type OtlpGrpcOptions, startOtlpGrpc } from '../../../../pipeline/ingest/sources/otlp-grpc.ts';
import { encodeRetryStatus } from '../../../../pipeline/ingest/sources/otlp-protobuf.ts';
import { badRequest, LogplaneError, unavailable } from '../../../../pipeline/runtime/errors.ts';

const PATH = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const bytes = (value: Buffer) => value;

/** Calls a listener of its own once; gives the answer or the refusal, and what was reported as a defect. */
async function call(t: Test, options: Partial<OtlpGrpcOptions>, message = Buffer.from([1, 2, 3])) {
  const defects: unknown[] = [];
  let held = 0;
  const listener = await startOtlpGrpc({
    host: '127.0.0.1',
    port: 0,
    limit: 1000,
    reserve: (size) => {
      held += size;
      return () => {
        held -= size;
      };
    },
    authorize: () => {},
    accept: async () => ({ rejected: 0, errorMessage: '' }),
    onDefect: (error) => defects.push(error),
    ...options,
  });
  t.teardown(() => listener.stop(1000));
  const client = new Client(`127.0.0.1:${listener.port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const metadata = new Metadata();
  metadata.set('x-machine-id', 'm1');
  const [error, answer] = await new Promise<[ServiceError | null, Buffer | undefined]>((resolve) => {
    client.makeUnaryRequest(PATH, bytes, bytes, message, metadata, (error, answer) =>
      resolve([error, answer]),
    );
  });
  return { error, answer, defects, held };
}

t.test('the bytes, the metadata and the address reach accept', async (t) => {
  const seen: unknown[] = [];
  const { answer, held } = await call(t, {
    accept: async ({ message, peer, header }) => {
      seen.push([...message], peer, header('x-machine-id'), header('absent'));
      return { rejected: 2, errorMessage: 'two' };
    },
  });
  t.same(seen, [[1, 2, 3], '127.0.0.1', 'm1', '']);
  t.same([...answer!], [0x0a, 7, 0x08, 2, 0x12, 3, ...Buffer.from('two')], 'partial success');
  t.equal(held, 0, 'its memory is free again');
});

t.test('an overloaded server says after how many seconds to send again', async (t) => {
  const refuse = (): never => {
    throw unavailable('no room');
  };
  const cases: [name: string, options: Partial<OtlpGrpcOptions>, code: status][] = [
    ['no memory', { reserve: refuse }, status.RESOURCE_EXHAUSTED],
    ['no store', { accept: async () => refuse() }, status.UNAVAILABLE],
  ];
  for (const [name, options, code] of cases) {
    const { error, held } = await call(t, options);
    t.match(error, { code, details: 'no room' }, name);
    t.same(error!.metadata.get('grpc-status-details-bin'), [encodeRetryStatus(code, 'no room', 1)], name);
    t.equal(held, 0, name);
  }
  // google.rpc.Status { code: 14, message: "m", details: RetryInfo { retry_delay { seconds: 3 } } }
  const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
  const any = [0x0a, url.length, ...url, 0x12, 4, 0x0a, 2, 0x08, 3];
  t.same([...encodeRetryStatus(14, 'm', 3)], [0x08, 14, 0x12, 1, 0x6d, 0x1a, any.length, ...any]);
});

t.test('every refusal that time heals is one on which senders come again, with the time', async (t) => {
  for (const kind of ['unavailable', 'rate_limited'] as const) {
    for (const options of [{}, { retryAfterSeconds: 7 }]) {
      const { error } = await call(t, {
        accept: async () => Promise.reject(new LogplaneError(kind, 'wait', options)),
      });
      t.ok([status.UNAVAILABLE, status.RESOURCE_EXHAUSTED].includes(error!.code), kind);
      t.same(
        error!.metadata.get('grpc-status-details-bin'),
        [encodeRetryStatus(error!.code, 'wait', options.retryAfterSeconds ?? 1)],
        kind,
      );
    }
  }
});

t.test('a permanent refusal has no such time, and a defect shows no details', async (t) => {
  const refused = await call(t, { accept: async () => Promise.reject(badRequest('not OTLP')) });
  t.match(refused.error, { code: status.INVALID_ARGUMENT, details: 'not OTLP' });
  t.same(refused.error!.metadata.get('grpc-status-details-bin'), []);
  const broken = await call(t, { accept: async () => Promise.reject(new Error('secret detail')) });
  t.match(broken.error, { code: status.INTERNAL, details: 'internal error; the server has logged it' });
  t.equal(broken.defects.length, 1);
});

t.test('a port that is taken is reported with its setting', async (t) => {
  const options = {
    host: '127.0.0.1',
    limit: 1,
    reserve: () => () => {},
    authorize: () => {},
    onDefect: () => {},
  };
  const accept = async () => ({ rejected: 0, errorMessage: '' });
  const listener = await startOtlpGrpc({ ...options, port: 0, accept });
  t.teardown(() => listener.stop(1000));
  await t.rejects(startOtlpGrpc({ ...options, port: listener.port, accept }), /GRPC_PORT/);
});

t.test('who may not send is refused before anything of the message is taken in', async (t) => {
  let seen = 0;
  const { error } = await call(
    t,
    {
      limit: 64 * 1024 * 1024,
      authorize: ({ peer, header }) => {
        t.same([peer, header('x-machine-id')], ['127.0.0.1', 'm1']);
        throw new LogplaneError('unauthorized', 'missing ingest token');
      },
      reserve: () => {
        seen++;
        return () => {};
      },
      accept: async () => {
        seen++;
        return { rejected: 0, errorMessage: '' };
      },
    },
    Buffer.alloc(8 * 1024 * 1024),
  );
  t.match(error, { code: status.UNAUTHENTICATED, details: 'missing ingest token' });
  t.equal(seen, 0);
});
