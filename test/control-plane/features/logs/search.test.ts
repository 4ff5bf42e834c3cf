import t from 'tap';
import type { SearchRequest } from '../../../../control-plane/features/logs/page-position.ts';
import { searchLogs } from '../../../../control-plane/features/logs/search.ts';
import { type FilterParameters, parseFilter } from '../../../../control-plane/query/log-filter.ts';
import { queryLimits } from '../../../../control-plane/query/query-limits.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from './analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
const START = 1_793_491_200;
/** From many within a second to one in days, so that pages lie within the near past, across its end, and far behind it. */
const GAPS = [0, 0, 0, 1, 40, 290, 301, 5_000, 400_000];

const clickhouse = await openStore(t);
let seconds = START;
const records = Array.from({ length: 300 }, (_, index) => {
  seconds += GAPS[(index * 7) % GAPS.length]!;
  const far = { 50: -2_000_000_000, 51: 9_200_000_000 }[index];
  return record({
    seq: FIRST + index,
    timestamp: { seconds: far ?? seconds, nanos: (index % 3) * 1_000, digits: 6 },
    level: index % 9 === 0 ? 'error' : 'info',
    message: `line ${index}`,
  });
});
await insertRecords(clickhouse, records.slice(0, 100));
await insertRecords(clickhouse, records.slice(100));

const inOrder = records.toSorted(
  (a, b) =>
    a.timestamp.seconds - b.timestamp.seconds || a.timestamp.nanos - b.timestamp.nanos || a.seq - b.seq,
);
/** By the earlier of time and arrival, in microseconds: the order of a range that goes up to the present. */
const micros = ({ seq, timestamp: { seconds, nanos } }: (typeof records)[number]) =>
  Math.min(seq, seconds * 1_000_000 + nanos / 1000);
const inLiveOrder = records.toSorted((a, b) => micros(a) - micros(b) || a.seq - b.seq);
const signal = new AbortController().signal;

/** The sequence numbers of all pages' records, read to the end. */
async function walk(
  store: LogStore,
  parameters: FilterParameters,
  order: SearchRequest['order'],
  limit: number,
): Promise<number[]> {
  const filter = parseFilter(parameters);
  const found: number[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await searchLogs(store, { filter, limit, order, cursor }, queryLimits(signal));
    found.push(...page.records.map(({ seq }) => seq));
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
}

t.test('pages hold every record once, in order, wherever their ends lie', async (t) => {
  const from = new Date((START + 10_000) * 1000).toISOString();
  const to = new Date((START + 2_000_000) * 1000).toISOString();
  const cases: [string, FilterParameters, (one: (typeof records)[number]) => boolean][] = [
    ['all', {}, () => true],
    ['errors', { q: 'level:error' }, ({ level }) => level === 'error'],
    ['a word', { q: '7' }, ({ message }) => message.includes('7')],
    ['from', { from }, ({ timestamp }) => timestamp.seconds >= START + 10_000],
    ['to', { to }, ({ timestamp }) => timestamp.seconds < START + 2_000_000],
    ['none', { q: 'not there' }, () => false],
  ];
  for (const [name, parameters, matches] of cases) {
    const isFixed = parameters.from !== undefined || parameters.to !== undefined;
    const expected = (isFixed ? inOrder : inLiveOrder).filter(matches).map(({ seq }) => seq);
    for (const limit of [7, 100]) {
      // One store for both walks: the second one begins where the first has seen the newest record.
      const store = new LogStore(clickhouse);
      t.strictSame(await walk(store, parameters, 'asc', limit), expected, `${name}, oldest first, ${limit}`);
      t.strictSame(
        await walk(store, parameters, 'desc', limit),
        expected.toReversed(),
        `${name}, newest first, ${limit}`,
      );
    }
  }
});

t.test('what came in since the last look is found, newer or older', async (t) => {
  const store = new LogStore(clickhouse);
  const filter = parseFilter({ q: 'late' });
  const search = async () =>
    (await searchLogs(store, { filter, limit: 1, order: 'desc', cursor: undefined }, queryLimits(signal)))
      .records[0]?.message;
  await walk(store, {}, 'desc', 100);
  t.equal(await search(), undefined);
  for (const [index, at] of [START - 1_000_000, START + 30_000_000].entries()) {
    const late = record({
      seq: FIRST + 1_000 + index,
      timestamp: { seconds: at, nanos: 0, digits: 0 },
      message: `late ${index}`,
    });
    await insertRecords(clickhouse, [late]);
    t.equal(await search(), `late ${index}`);
  }
});
