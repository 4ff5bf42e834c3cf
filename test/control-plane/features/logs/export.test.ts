import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { type ExportFormat, exportLogs } from '../../../../control-plane/features/logs/export.ts';
import { formatRecord } from '../../../../pipeline/record/format-record.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { Chance } from '../../../chance.ts';
import { randomRecord } from '../../query/random-queries.ts';
import { insertRecords, openStore, record } from './analysed-store.ts';

const FIRST = 1_793_491_200_000_000;

const clickhouse = await openStore(t);
const chance = new Chance(20_261_129);
/** What the engine's own reader of JSON refuses, beside a field that only the attributes hold as it was sent. */
const unreadable = [
  '{"n":123456789012345678901234567890,"job_id":405737}',
  '{"n":1e999,"job_id":405737}',
  '{"s":"\\ud800","job_id":405737}',
  `{"n":${'['.repeat(1_500)}${']'.repeat(1_500)},"job_id":405737}`,
];
const records = [
  ...Array.from({ length: 2_000 }, (_, index) => randomRecord(chance, FIRST + index)),
  ...unreadable.map((attributes, index) =>
    record({ seq: FIRST + 2_000 + index, job_id: '405737', attributes }),
  ),
  record({
    seq: FIRST + 2_004,
    message: `${Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)).join('')}\u2028\u2029😀</a>`,
    container_name: '"\\/\n',
    severity_text: '\u0000\t"',
  }),
  record({ seq: FIRST + 2_005, job_id: '7', attributes: '{"nested":{"job_id":1},"text":"\\"job_id\\":"}' }),
];
await insertRecords(clickhouse, records);

async function read(format: ExportFormat, where = 'true', parameters = {}): Promise<string> {
  const pieces: Uint8Array[] = [];
  const { signal } = new AbortController();
  const request = {
    filter: { where, parameters, range: { from: undefined, to: undefined } },
    format,
    order: 'asc',
    signal,
  } as const;
  for await (const piece of exportLogs(new LogStore(clickhouse), request)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

/** The ids of records that are not what every other answer has, of all that were read. */
function unlike(read: readonly { readonly id: string }[]): string[] {
  const byId = new Map(read.map((item) => [item.id, item]));
  return records
    .filter((item) => !isDeepStrictEqual(byId.get(String(item.seq)), JSON.parse(formatRecord(item, 'upper'))))
    .map((item) => formatRecord(item, 'upper').slice(0, 300));
}

t.test('the engine writes records as every other answer has them', async (t) => {
  const lines = (await read('ndjson')).split('\n');
  t.equal(lines.pop(), '');
  t.equal(lines.length, records.length);
  t.strictSame(unlike(lines.map((line) => JSON.parse(line))), []);
  t.strictSame(unlike(JSON.parse(await read('json'))), []);
});

t.test('a filter has its values, and nothing found is an empty array', async (t) => {
  const one = ['seq = {seq:UInt64}', { seq: FIRST + 2_005 }] as const;
  t.match(JSON.parse(await read('json', ...one)), [{ job_id: '7', nested: { job_id: 1 } }]);
  t.equal(await read('json', 'seq = 1'), '[]');
  t.equal(await read('ndjson', 'seq = 1'), '');
});
