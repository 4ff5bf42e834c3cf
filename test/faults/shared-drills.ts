import type { DrillResult } from './senders.ts';
import { drillShared, type Scene, type SharedDrillOptions } from './shared-drill.ts';

/** Two servers on one Redis and one ClickHouse fixture, and what happens to them, by name. */
export const SHARED_DRILLS: Readonly<Record<string, () => Promise<DrillResult>>> = {
  'shared: readers go from one to the other': () => drill({}),
  'shared: Redis killed for 10 s and back empty': () =>
    drill({ 100: ({ redis }: Scene) => redis.kill(), 300: ({ redis }: Scene) => redis.restart() }),
  'shared: the store fails for 20 s': () =>
    drill({
      100: async ({ clickhouse }: Scene) => {
        await clickhouse.setFault('cut-after');
        setTimeout(() => clickhouse.setFault('error'), 5_000);
        setTimeout(() => clickhouse.setFault('cut'), 12_000);
        setTimeout(() => clickhouse.setFault('none'), 20_000);
      },
    }),
};

async function drill(faults: NonNullable<SharedDrillOptions['faults']>): Promise<DrillResult> {
  const result = await drillShared({
    requests: 500,
    recordsPerRequest: 100,
    rate: 20,
    cutAfter: 4_990,
    faults,
  });
  const { sent, stored, lost, twice, ...more } = result;
  return { sent, acknowledged: sent, stored, lost, duplicated: twice, ...more };
}
