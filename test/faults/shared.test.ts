import t from 'tap';
import type { HttpFault } from '../pipeline/store/clickhouse-http.ts';
import { hasRedis } from '../redis-server.ts';
import { drillShared, type Scene } from './shared-drill.ts';

const skip = hasRedis ? false : 'redis-server is not installed';
const requests = 40;
const recordsPerRequest = 100;
const sent = requests * recordsPerRequest;

const failing =
  (fault: HttpFault) =>
  async ({ clickhouse }: Scene): Promise<void> => {
    await clickhouse.setFault(fault);
    setTimeout(() => clickhouse.setFault('none'), 500);
  };

t.test(
  'two servers lose nothing and give nothing twice, whatever goes away beneath them',
  { skip },
  async (t) => {
    const result = await drillShared({
      requests,
      recordsPerRequest,
      cutAfter: 390,
      faults: {
        8: ({ redis }: Scene) => redis.kill(),
        // It comes back with nothing in it.
        16: ({ redis }: Scene) => redis.restart(),
        22: failing('error'),
        27: failing('cut-after'),
        32: failing('cut'),
        36: failing('slow'),
      },
    });
    t.match(result, { sent, stored: sent, lost: 0, twice: 0 });
    t.ok(result.connections >= 20, `${result.connections} connections, from one server to the other`);
    t.ok(result.notices > 0, 'streams said that Redis was away');
  },
);
