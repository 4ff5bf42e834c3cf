import { request } from 'node:http';
import t from 'tap';
import { yieldCount } from '../../pipeline/runtime/event-loop.ts';
import { serve } from '../end-to-end/serve.ts';
import { until } from '../until.ts';
import { hostileBodies } from './hostile-bodies.ts';

const MEGABYTE = 1024 * 1024;
// Beside other work, on a busy machine.
t.setTimeout(180_000);
const server = await serve(t);
const bodies = hostileBodies(3 * MEGABYTE);

interface Receipt {
  readonly accepted: number;
  readonly rejected: number;
}

interface Outcome extends Partial<Receipt> {
  readonly status: number;
  /** Set where others have to get their turn meanwhile. */
  readonly yields?: boolean;
}

const REFUSED: Outcome = { status: 400 };

/** What each body comes to; one that is not here is stored, while others are served. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'nothing hostile': { status: 200, accepted: 1_000, rejected: 0 },
  'zstd: a window of 1.9 GB': REFUSED,
  'zstd: a window of 1.9 GB, 30 blocks': REFUSED,
  'zstd: a window of 8 MB, 5,000 blocks': REFUSED,
  'zstd: a window of 8 MB, 1,000 blocks': { status: 200, accepted: 0, rejected: 0, yields: true },
  'line breaks': { status: 200, accepted: 0, rejected: 0 },
  'zstd: line breaks': { status: 200, accepted: 0, rejected: 0 },
  'x and a line break': { status: 400, yields: true },
  '{ and a line break': { status: 400, yields: true },
  'list of ones': { status: 200, accepted: 0, rejected: 1.5 * MEGABYTE - 1, yields: true },
  'list of commas': { status: 200, accepted: 0, rejected: 0, yields: true },
  'blanks in a list': { status: 200, accepted: 0, rejected: 0 },
  'one long record': { status: 200, accepted: 4, rejected: 0 },
  'nested a million deep': { status: 200, accepted: 2, rejected: 0 },
  'text without an end': { status: 400 },
  'otlp json: one long record': { status: 200, accepted: 4, rejected: 0 },
  'otlp json: nested': { status: 200, accepted: 2, rejected: 0 },
  'otlp json: a large resource': { status: 200, accepted: 5_243, rejected: 0, yields: true },
  'otlp protobuf: one long record': { status: 200 },
  'otlp protobuf: nested': { status: 200 },
};

t.test('every hostile body comes to a defined end, and others are served meanwhile', async (t) => {
  for (const [name, make] of Object.entries(bodies)) {
    if (!(name in OUTCOMES)) continue;
    const { status, yields, ...receipt } = OUTCOMES[name]!;
    const { path, headers, body } = make();
    const before = yieldCount();
    const response = await fetch(server.url + path, { method: 'POST', headers, body });
    const answer =
      headers['content-type'] === 'application/json' ? await response.json() : await response.arrayBuffer();
    t.equal(response.status, status, `${name}: ${JSON.stringify(answer)}`);
    if (status === 200) t.match(answer, receipt, name);
    if (yields) t.ok(yieldCount() - before >= 3, `${name}: yielded ${yieldCount() - before} times`);
  }
});

const count = async (query: string) => {
  const { total } = await server.get<{ total: number }>(`/api/v1/logs/count?q=${encodeURIComponent(query)}`);
  return total;
};

t.test('what is too large is found by what it says, and counted', async (t) => {
  const deep = `{"service":"limits","a":${'['.repeat(70)}"needle-deep"${']'.repeat(70)}}`;
  const wide = `{"service":"limits",${Array.from({ length: 10_001 }, (_, n) => `"f${n}":"needle-wide"`).join(',')}}`;
  const long = `{"message":"needle-long ${'words, '.repeat(200_000)} needle-end"}`;
  const line = JSON.stringify({
    log: `{"b":${'['.repeat(70)}"needle-line"${']'.repeat(70)}}`,
    service: 'limits',
  });
  const counted = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return ['bytes', 'fields', 'depth'].map((limit) =>
      Number(
        new RegExp(`^logplane_records_too_large_total\\{limit="${limit}"\\} (\\d+)`, 'm').exec(metrics)![1],
      ),
    );
  };
  const before = await counted();
  const response = await fetch(`${server.url}/logs/ingest`, {
    method: 'POST',
    body: [deep, wide, long, line, '{"message":"needle-neighbour"}'].join('\n'),
  });
  t.match(await response.json(), { accepted: 6, rejected: 0 });
  for (const [query, expected] of [
    ['needle-deep too_large:depth', 1],
    ['needle-wide too_large:fields', 1],
    ['needle-long too_large:bytes part:1', 1],
    ['needle-end too_large:bytes part:2', 1],
    ['needle-line too_large:depth service:limits', 1],
    ['needle-neighbour', 1],
  ] as const) {
    t.equal(await count(query), expected, query);
  }
  const after = await counted();
  t.same(
    after.map((value, index) => value - before[index]!),
    [2, 1, 2],
  );
});

t.test('a request makes a bounded number of dead letters, and its good lines are stored', async (t) => {
  const lines = Array.from({ length: 20_000 }, (_, n) =>
    n % 4 === 0 ? '{"message":"good-line"}' : `bad ${n}`,
  );
  const response = await fetch(`${server.url}/logs/ingest`, {
    method: 'POST',
    headers: { 'X-Machine-Id': 'careless' },
    body: lines.join('\n'),
  });
  t.match(await response.json(), { accepted: 5_000, rejected: 15_000 });
  t.equal(await count('good-line'), 5_000);
  interface Letter {
    readonly agent: string;
    readonly id: string;
    readonly reason: string;
  }
  const { dead_letters } = await server.get<{ dead_letters: Letter[] }>('/api/v1/dead-letters?limit=1000');
  const rest = dead_letters.filter(({ agent, id }) => agent === 'careless' && id.includes('-rest-'));
  t.match(rest, [{ reason: /^14000 entries from this one on/ }]);
});

t.test('when the sender leaves, the work ends', async (t) => {
  const { path, headers, body } = hostileBodies(40 * MEGABYTE)['list of ones']!();
  const isWorking = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^logplane_body_bytes (\d+)/m.exec(metrics)![1]) > 0;
  };
  const rejected = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^logplane_records_rejected_total (\d+)/m.exec(metrics)![1]);
  };
  const before = await rejected();
  const yields = yieldCount();
  const sending = request(server.url + path, {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
  });
  sending.on('error', () => {});
  sending.end(body);
  await until(() => yieldCount() > yields + 5, 'the work to begin');
  sending.destroy();
  await until(async () => !(await isWorking()), 'the work to end');
  t.equal(await rejected(), before, 'it did not come to its end');
});

t.test('a body is not unpacked before its sender may send', async (t) => {
  const guarded = hostileBodies(MEGABYTE)['zstd: a window of 1.9 GB, 30 blocks']!();
  const response = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: guarded.headers,
    body: guarded.body,
  });
  t.equal(response.status, 400, 'also where anybody may send a small one');
  t.match(await response.json(), { error: { message: /window of at most/ } });
});
