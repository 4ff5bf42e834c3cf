import { join } from 'node:path';
import { ExportResultCode } from '@opentelemetry/core';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import t, { type Test } from 'tap';
import { Forwarder, type ForwarderOptions } from '../../../../control-plane/features/forward/forwarder.ts';
import type { StoredRecord } from '../../../../pipeline/record/log-record.ts';
import { fromMilliseconds } from '../../../../pipeline/record/timestamp.ts';
import { loadState } from '../../../../pipeline/runtime/state-file.ts';
import { ClickHouseError } from '../../../../pipeline/store/clickhouse.ts';
import { plainRecord } from '../../../plain-record.ts';

const FIRST = 1_750_000_000_000_000;
const filter = { where: '1', parameters: {} };

function record(number: number, message = `record ${number}`): StoredRecord {
  return {
    ...plainRecord({
      timestamp: fromMilliseconds(1_750_000_000_000 + number),
      service: `service-${number % 2}`,
      machine_id: 'm1',
      message,
      attributes: `{"number":${number}}`,
    }),
    seq: FIRST + number * 1000,
  };
}

/** A store of these records; all of them are stored. */
function storeOf(records: readonly StoredRecord[]) {
  return {
    store: {
      oldest: async (limit: number, { after, upTo }: { after: number; upTo: number }) =>
        records.filter(({ seq }) => seq > after && seq <= upTo).slice(0, limit),
      sequenceNumbers: async (limit: number, { after, upTo }: { after: number; upTo: number }) =>
        records
          .map(({ seq }) => seq)
          .filter((seq) => seq > after && seq <= upTo)
          .slice(0, limit),
    },
    watermark: () => records.at(-1)!.seq,
  };
}

type Answer = { code: number; error?: Error & { code?: number } };

/** Answers each batch as `respond` says; keeps the batches that it took, and all bytes that came. */
function backend(respond: (messages: string[], attempt: number) => Answer | 'never') {
  const taken: string[][] = [];
  const bytes: string[] = [];
  const exporter: LogRecordExporter = {
    export(records: ReadableLogRecord[], done) {
      bytes.push(JSON.stringify(records));
      const messages = records.map(({ body }) => String(body));
      const answer = respond(messages, bytes.length);
      if (answer === 'never') return;
      if (answer.code === ExportResultCode.SUCCESS) taken.push(messages);
      done(answer);
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  return { exporter, taken, bytes };
}

const OK = { code: ExportResultCode.SUCCESS };
const failed = (code: number): Answer => ({
  code: ExportResultCode.FAILED,
  error: Object.assign(new Error('no'), { code }),
});

/** Runs until everything has been delivered. */
async function deliver(t: Test, options: Partial<ForwarderOptions>, stateFile: string) {
  const problems: string[] = [];
  const forwarder = new Forwarder({
    name: 'test',
    filter,
    stateFile,
    onProblem: (message) => problems.push(message),
    batchRecords: 10,
    pollMilliseconds: 1,
    backoff: { firstMs: 1, maxMs: 4 },
    ...(options as Pick<ForwarderOptions, 'store' | 'watermark' | 'exporter'>),
  });
  await forwarder.start();
  while (forwarder.lagSeconds > 0) await new Promise((resolve) => setImmediate(resolve));
  await forwarder.stop();
  t.same(JSON.parse((await loadState(stateFile))!), { cursor: options.watermark!() });
  return { counters: forwarder.counters, problems };
}

const records = Array.from({ length: 95 }, (_, number) => record(number));
const messages = records.map(({ message }) => message);

async function begin(dir: string, state: object): Promise<string> {
  const { saveForwardState } = await import('../../../../control-plane/features/forward/forward-state.ts');
  const file = join(dir, 'state/forward-test');
  await saveForwardState(file, state as { cursor: number });
  return file;
}

t.test('every record once, in order, though one batch in three fails', async (t) => {
  const { exporter, taken } = backend((_, attempt) => (attempt % 3 === 0 ? failed(503) : OK));
  const file = await begin(t.testdir(), { cursor: 1 });
  const { counters, problems } = await deliver(t, { ...storeOf(records), exporter }, file);
  t.same(taken.flat(), messages);
  t.match(counters, { sent: 95, rejected: 0 });
  t.ok(counters.failed > 2);
  t.match(problems.slice(0, 2), [/forwarding to test fails, its records wait: no/, /works again/]);
});

t.test(
  'a batch whose answer was lost goes out again with the same bytes, whatever has come since',
  async (t) => {
    const stateFile = await begin(t.testdir(), { cursor: 1 });
    const silent = backend((_, attempt) => (attempt === 2 ? 'never' : OK));
    const some = storeOf(records.slice(0, 15));
    const first = new Forwarder({
      name: 'test',
      filter,
      stateFile,
      onProblem: () => {},
      batchRecords: 10,
      pollMilliseconds: 1,
      ...some,
      exporter: silent.exporter,
    });
    await first.start();
    while (silent.bytes.length < 2) await new Promise((resolve) => setImmediate(resolve));
    // The process is killed here: nothing is stopped or saved.
    const again = backend(() => OK);
    await deliver(t, { ...storeOf(records), exporter: again.exporter }, stateFile);
    t.equal(again.bytes[0], silent.bytes[1]);
    t.same([...silent.taken.flat(), ...again.taken.flat()], messages);
  },
);

t.test('a record that the backend refuses for good costs only itself', async (t) => {
  for (const code of [400, 413, 3]) {
    const { exporter, taken } = backend((batch) => (batch.includes('record 42') ? failed(code) : OK));
    const file = await begin(t.testdir(), { cursor: 1 });
    const { counters } = await deliver(t, { ...storeOf(records), exporter }, file);
    t.same(
      taken.flat(),
      messages.filter((message) => message !== 'record 42'),
      String(code),
    );
    t.match(counters, { sent: 94, rejected: 1, failed: 0 });
  }
});

t.test('a record that cannot be read costs only itself, and is reported', async (t) => {
  const { store, watermark } = storeOf(records);
  const damaged = FIRST + 42_000;
  const failing = {
    ...store,
    oldest: async (limit: number, range: { after: number; upTo: number }) => {
      const page = await store.oldest(limit, range);
      if (page.some(({ seq }) => seq === damaged))
        throw new ClickHouseError('Checksum mismatch', 40, undefined);
      return page;
    },
  };
  const { exporter, taken } = backend(() => OK);
  const file = await begin(t.testdir(), { cursor: 1 });
  const { counters, problems } = await deliver(t, { store: failing, watermark, exporter }, file);
  t.same(
    taken.flat(),
    messages.filter((message) => message !== 'record 42'),
  );
  t.match(counters, { sent: 94, passedOver: 1, failed: 0 });
  t.match(problems, [/skips the record 1750000000042000, which cannot be read: Checksum mismatch/]);
});

t.test('a new destination begins with what arrives from now on', async (t) => {
  const all = [...records];
  const { exporter, taken } = backend(() => OK);
  const stateFile = join(t.testdir(), 'forward-test');
  const store = storeOf(all);
  const forwarder = new Forwarder({
    name: 'test',
    filter,
    stateFile,
    onProblem: () => {},
    pollMilliseconds: 1,
    ...store,
    exporter,
  });
  await forwarder.start();
  all.push(record(200));
  while (forwarder.lagSeconds > 0) await new Promise((resolve) => setImmediate(resolve));
  await forwarder.stop();
  t.same(taken, [['record 200']]);
});

t.test('large records go in batches that backends take', async (t) => {
  const large = Array.from({ length: 7 }, (_, number) => record(number, `${number}`.repeat(400_000)));
  const { exporter, taken } = backend(() => OK);
  await deliver(t, { ...storeOf(large), exporter }, await begin(t.testdir(), { cursor: FIRST - 1000 }));
  t.same(
    taken.map((batch) => batch.length),
    [2, 2, 2, 1],
  );
});

t.test('a batch of a query that was narrower loses nothing of the one that is asked now', async (t) => {
  const { exporter, taken } = backend(() => OK);
  // One record of all these was being sent.
  const file = await begin(t.testdir(), { cursor: 1, sending: records[40]!.seq });
  await deliver(t, { ...storeOf(records), exporter }, file);
  t.same(taken.flat(), messages);
});
