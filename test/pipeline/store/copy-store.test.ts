import t from 'tap';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { copyStore } from '../../../pipeline/store/copy-store.ts';
import { openEmbeddedClickHouse } from '../../../pipeline/store/embedded-clickhouse.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const MIB = 1024 * 1024;
const LARGE = 50;
const SMALL = 1_000;
const FIRST = 1_793_491_200_000_000;

t.test('a piece of large records has few of them', async (t) => {
  const source = openEmbeddedClickHouse({ path: temporaryFolder(), database: 'logs', querySessions: 1 });
  t.teardown(() => source.close());
  await migrate(source, { days: 20_000, errorDays: 20_000 });
  await source.command(
    `INSERT INTO logs (seq, timestamp, message, attributes) SELECT ${FIRST} + number AS sequence,
       fromUnixTimestamp64Nano(toInt64(sequence) * 1000, 'UTC'), repeat(repeat('x', 100), if(number < ${LARGE}, 20000, 1)), '{}'
     FROM numbers(${LARGE + SMALL}) SETTINGS max_block_size = 10`,
  );
  const sizes: number[] = [];
  let arrived = 0;
  const target = {
    query: async (sql: string) => [[sql.includes('FROM logs') ? arrived : 1_000_000]],
    insert: async (table: string, _columns: readonly string[], { pieces }: { pieces: Uint8Array[] }) => {
      if (table === 'logs') sizes.push(pieces.reduce((sum, { length }) => sum + length, 0));
    },
  } as unknown as ClickHouse;
  const copied = await copyStore({
    source,
    target,
    state: undefined,
    save: async (state) => {
      arrived = state.copied;
    },
    onProgress: () => {},
  });
  t.match(copied[0], { table: 'logs', rows: LARGE + SMALL });
  t.ok(Math.max(...sizes) <= 35 * MIB, `${sizes.map((size) => Math.round(size / MIB))} MiB`);
  t.ok(sizes.length <= 6, 'and the others have many');
});
