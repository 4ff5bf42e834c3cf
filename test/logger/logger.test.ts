import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, TraceFlags, trace } from '@opentelemetry/api';
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs';
import t from 'tap';
import { createLogger } from '../../logger/logger.ts';

type Line = Record<string, unknown>;
const lines = (dir: string, name: string): Line[] =>
  readFileSync(join(dir, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

t.test('records are lines of JSON, errors twice', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ dir, fields: { module: 'app' } });
  logger.info('Job processing started', { job_id: 'job-123', password: 'p', nothing: null, empty: {} });
  logger.child({ module: 'routes' }).event('model_upload', 'Model uploaded', { file_size: 4294967296 });
  logger.error('Job failed', new TypeError('bad'), { error_type: 'processing_failure' });
  logger.error('Job failed', undefined, { job_id: 'job-123' });
  logger.fatal('Gone', 'a text');
  await logger.close();
  const all = lines(dir, 'api.log');
  t.match(all, [
    {
      level: 'INFO',
      message: 'Job processing started',
      module: 'app',
      job_id: 'job-123',
      password: '[REDACTED]',
      nothing: null,
      empty: {},
    },
    {
      level: 'INFO',
      message: 'Model uploaded',
      module: 'routes',
      type: 'custom_event',
      event_type: 'model_upload',
      file_size: 4294967296,
    },
    {
      level: 'ERROR',
      message: 'Job failed',
      type: 'exception',
      error_type: 'processing_failure',
      error_message: 'bad',
      stack_trace: /TypeError: bad\n.*logger\.test/,
    },
    { level: 'ERROR', message: 'Job failed', job_id: 'job-123' },
    { level: 'FATAL', message: 'Gone', type: 'error', error_message: 'a text' },
  ]);
  t.same(lines(dir, 'errors.log'), all.slice(2));
  for (const { timestamp } of all) t.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  t.same(
    all.map(({ timestamp }) => timestamp),
    [...new Set(all.map(({ timestamp }) => timestamp))].sort(),
  );
});

t.test('fields never replace the message, the level or the time', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ dir });
  logger.error('Job failed', undefined, { message: 'a', level: 7, timestamp: 'b', n: 1 });
  await logger.close();
  t.match(lines(dir, 'errors.log'), [
    { level: 'ERROR', message: 'Job failed', message_: 'a', level_: 7, timestamp_: 'b', n: 1 },
  ]);
});

t.test('mild levels are left out', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ dir, level: 'warn' });
  logger.debug('no');
  logger.info('no');
  logger.warn('yes');
  await logger.close();
  t.match(lines(dir, 'api.log'), [{ message: 'yes' }]);
});

t.test('the active span is on every record', async (t) => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const storage = new AsyncLocalStorage<ReturnType<typeof context.active>>();
  const { ROOT_CONTEXT } = await import('@opentelemetry/api');
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.call(self, ...args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  const dir = t.testdir();
  const exporter = new InMemoryLogRecordExporter();
  const kept = exporter.getFinishedLogRecords.bind(exporter);
  const logger = createLogger({ dir, service: 'app', exporters: [exporter] });
  const traceId = '5b8efff798038103d269b633813fc60c';
  const spanId = 'eee19b7ec3c1b174';
  const active = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
  context.with(active, () => logger.info('inside'));
  await logger.flush();
  t.match(kept(), [
    { body: 'inside', spanContext: { traceId }, resource: { attributes: { 'service.name': 'app' } } },
  ]);
  await logger.close();
  t.match(lines(dir, 'api.log'), [{ message: 'inside', trace_id: traceId, span_id: spanId }]);
});

t.test('a private key that is logged line by line', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ dir });
  const line = 'aB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fLaB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fL';
  const key = ['-----BEGIN PRIVATE KEY-----', line, line, 'aB3dE5g=', '-----END PRIVATE KEY-----'];
  for (const [index, text] of [line, ...key, line].entries())
    (index % 2 ? logger.child({ n: index }) : logger).info(text, { id: line });
  await logger.close();
  const hidden = '[REDACTED]';
  t.same(
    lines(dir, 'api.log').map(({ message }) => message),
    [line, hidden, hidden, hidden, hidden, key.at(-1), line],
  );
  t.ok(
    lines(dir, 'api.log').every(({ id }) => id === line),
    'the text alone is looked at',
  );
});
