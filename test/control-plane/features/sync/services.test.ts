import t from 'tap';
import { recordedFiles, serviceStats } from '../../../../control-plane/features/sync/services.ts';
import { insertRecords, openStore, record } from '../logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
let seq = FIRST;
const of = (fields: Parameters<typeof record>[0] | object) => record({ ...fields, seq: seq++ });
const file = {
  machine_id: 'm1',
  file_path: '/a.log',
  size_bytes: 10,
  latest_modified: '2026-11-01T00:00:00Z',
};

t.test('invented services are bounded in number, the rest is counted, known ones stay', async (t) => {
  const clickhouse = await openStore(t);
  await insertRecords(clickhouse, [
    ...Array.from({ length: 1_200 }, (_, index) => of({ service: `invented-${index}`, machine_id: 'm0' })),
    ...Array.from({ length: 5 }, () => of({ service: 'real', machine_id: 'm0', file_path: '/r.log' })),
    of({ service: 'rare', machine_id: 'm1', file_path: '/a.log', message: 'abc' }),
    of({ service: 'x'.repeat(2_000), machine_id: 'm0' }),
  ]);
  const { services, leftOut } = await serviceStats(clickhouse, [{ ...file, service: 'rare' }]);
  t.equal(services.length, 1_000);
  t.equal(leftOut, 202);
  const found = new Map(services.map((entry) => [entry.service, entry]));
  t.match(found.get('real'), { record_count: 5, file_count: 1 });
  t.match(
    found.get('rare'),
    { record_count: 1, file_count: 1, total_size_bytes: 10 },
    'it has a file on disk',
  );
  t.notOk(
    services.some(({ service }) => service.length > 1_000),
    'a name that is no name',
  );
  t.same(
    services.map(({ service }) => service),
    services.map(({ service }) => service).sort(),
  );
});

t.test('files on disk and files of records are counted once each', async (t) => {
  const clickhouse = await openStore(t);
  await insertRecords(clickhouse, [
    of({ service: 'a', machine_id: 'm1', file_path: '/a.log', message: 'abc' }),
    of({ service: 'a', machine_id: 'm1', file_path: '/b.log', message: 'abc' }),
    of({ service: 'a', machine_id: 'm2', file_path: '/a.log', message: 'abc' }),
    of({ service: 'a', machine_id: 'm2', message: 'abc' }),
    of({ service: 'b', machine_id: 'm1', message: 'abc' }),
  ]);
  const { services, leftOut } = await serviceStats(clickhouse, [{ ...file, service: 'a' }]);
  t.equal(leftOut, 0);
  t.match(services, [
    { service: 'a', file_count: 3, total_size_bytes: 10 + 3 * 4, record_count: 4 },
    { service: 'b', file_count: 0, total_size_bytes: 4, record_count: 1 },
  ]);
  t.equal((await recordedFiles(clickhouse, ['m1'])).length, 3);
  t.equal((await recordedFiles(clickhouse)).length, 5);
});
