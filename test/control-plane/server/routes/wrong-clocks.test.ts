import t from 'tap';
import { serve } from '../../../end-to-end/serve.ts';

const HOUR = 3_600_000;

t.test('a wrong clock hides nothing', async (t) => {
  const server = await serve(t);
  const started = Date.now();
  const at = (milliseconds: number) => new Date(milliseconds).toISOString();
  const send = (machine_id: string, message: string, timestamp: string) =>
    server.ingest([{ machine_id, message, timestamp, service: 'clock' }]);

  await send('ahead', 'two hours ahead, first', at(started + 2 * HOUR));
  await send('far', 'year 2199', '2199-01-01T00:00:00Z');
  await send('import', 'last year', '2025-01-01T00:00:00Z');
  await send('import', 'three hours ago', at(started - 3 * HOUR));
  await send('right', 'fresh, first', at(Date.now()));
  await send('ahead', 'two hours ahead, second', at(Date.now() + 2 * HOUR));
  await send('right', 'fresh, last', at(Date.now()));

  interface Found {
    readonly message: string;
    readonly timestamp: string;
  }
  const messages = (records: readonly Found[]) => records.map(({ message }) => message);
  const present = [
    'two hours ahead, first',
    'year 2199',
    'fresh, first',
    'two hours ahead, second',
    'fresh, last',
  ];
  const all = ['last year', 'three hours ago', ...present];

  const search = (query: string) =>
    server.get<{ records: Found[]; next_cursor: string | null }>(`/api/v1/logs/search?${query}`);

  t.same(
    messages(await server.get('/api/v1/logs/recent?lines=7')),
    all,
    'the newest lines are those that came last',
  );
  t.same(messages(await server.get('/api/v1/logs/recent?lines=2')), all.slice(-2));
  const { records } = await search('from=now-1h');
  t.same(messages(records), present.toReversed(), 'the last hour is what came in it');
  t.match(
    records.find(({ message }) => message === 'year 2199'),
    { timestamp: '2199-01-01T00:00:00Z' },
    'times stay as sent',
  );
  t.same(messages((await search('from=now-1h&order=asc')).records), present);

  for (const [order, expected] of [
    ['asc', all],
    ['desc', all.toReversed()],
  ] as const) {
    for (const limit of [1, 2, 3]) {
      const walked: string[] = [];
      for (let cursor = ''; ; ) {
        const page = await search(`order=${order}&limit=${limit}&cursor=${cursor}`);
        walked.push(...messages(page.records));
        if (page.next_cursor === null) break;
        cursor = page.next_cursor;
      }
      t.same(walked, expected, `pages of ${limit}, ${order}`);
    }
  }

  interface Count {
    readonly total: number;
  }
  t.equal((await server.get<Count>('/api/v1/logs/count?from=now-1h')).total, 5);
  t.equal((await server.get<Count>('/api/v1/logs/count?from=now-1h&by=service')).total, 5);
  t.equal((await server.get<Count>('/api/v1/logs/count?from=now-4h&to=now-1h')).total, 1);
  t.equal(
    (await server.get<Count>('/api/v1/logs/count?from=now%2B1h')).total,
    0,
    'nothing is later than it came',
  );
  t.equal(
    (await server.get<Count>(`/api/v1/logs/count?from=${at(started + HOUR)}`)).total,
    3,
    'a fixed range is of times',
  );

  const histogram = await server.get<{ buckets: { timestamp: string; total: number }[] }>(
    '/api/v1/logs/histogram?from=now-1h&interval=1m',
  );
  t.ok(histogram.buckets.length <= 62, `${histogram.buckets.length} buckets: it ends at the present`);
  t.equal(
    histogram.buckets.reduce((sum, { total }) => sum + total, 0),
    5,
  );
});
