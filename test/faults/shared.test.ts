import t from 'tap';
import type { HttpFault } from '../pipeline/store/clickhouse-http.ts';
import { hasRedis } from '../redis-server.ts';
import { drillShared, type Scene } from './shared-drill.ts';

const skip = hasRedis ? false : 'redis-server is not installed';
const size = { requests: 40, recordsPerRequest: 100 };
const sent = size.requests * size.recordsPerRequest;

t.test(
  'readers that go from one server to the other lose nothing and get nothing twice',
  { skip },
  async (t) => {
    const result = await drillShared({ ...size, cutAfter: 390 });
    t.match(result, { sent, stored: sent, lost: 0, twice: 0, notices: 0 });
    t.ok(result.connections >= 20, `${result.connections} connections`);
  },
);

t.test('nor do they while Redis is away and when it comes back empty', { skip }, async (t) => {
  const result = await drillShared({
    ...size,
    cutAfter: 390,
    faults: {
      10: ({ redis }: Scene) => redis.kill(),
      25: ({ redis }: Scene) => redis.restart(),
    },
  });
  t.match(result, { sent, stored: sent, lost: 0, twice: 0 });
  t.ok(result.notices > 0, 'streams say so');
});

t.test('nor while the store fails in every way', { skip }, async (t) => {
  const failing =
    (fault: HttpFault) =>
    async ({ clickhouse }: Scene) => {
      await clickhouse.setFault(fault);
      setTimeout(() => clickhouse.setFault('none'), 700);
    };
  const result = await drillShared({
    ...size,
    cutAfter: 390,
    faults: { 5: failing('error'), 15: failing('cut-after'), 25: failing('cut'), 35: failing('slow') },
  });
  t.match(result, { sent, stored: sent, lost: 0, twice: 0 });
});
