import t from 'tap';
import { serve } from '../../../end-to-end/serve.ts';

const RECORDS = [
  {
    service: 'vllm',
    level: 'error',
    message: 'time to first token 12:30:45',
    loss: 1e-5,
    gpus: [{ util: 95 }],
  },
  {
    service: 'vllm',
    level: 'info',
    message: 'rank:3 started',
    kubernetes: { labels: { 'app.kubernetes.io/name': 'web' } },
  },
  { service: 'qdrant', level: 'warn', message: 'timeout of http://host:8080/x', status_code: 500 },
];

t.test('answers that help', async (t) => {
  const server = await serve(t, { DEFAULT_TIMEZONE: 'Europe/Berlin' });
  const body = [
    ...RECORDS.map((record) => JSON.stringify({ timestamp: '2026-11-29T10:00:00Z', ...record })),
    // As it is written, because JSON.stringify would spell the number anew.
    '{"timestamp":"2026-11-29T10:00:00Z","message":"step","lr":1e-05,"big":9007199254740993,"loss":0.10,"ver":"1.10"}',
    ...Array.from({ length: 1_500 }, (_, pod) =>
      JSON.stringify({ timestamp: '2026-11-28T10:00:00Z', message: 'pod', pod: `pod-${pod}` }),
    ),
  ].join('\n');
  const sent = await fetch(`${server.url}/logs/ingest`, { method: 'POST', body });
  t.equal(sent.status, 200);

  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}${path}`, { headers });
    const text = await response.text();
    return { status: response.status, text, json: JSON.parse(text) };
  };
  const total = async (q: string) =>
    (await ask(`/api/v1/logs/count?q=${encodeURIComponent(q)}`)).json.total as number;

  const posted = async (q: string) => {
    const form = new URLSearchParams({ q });
    const response = await fetch(`${server.url}/api/v1/logs/count`, { method: 'POST', body: form });
    return (await response.json()) as { total: number };
  };

  await t.test('numbers are equal by value, names nest in any way, lists work', async (t) => {
    for (const [q, found] of [
      ['lr:0.00001', 1],
      ['lr:1e-5', 1],
      ['lr:+1E-05', 1],
      ['loss:.1', 1],
      ['loss:0.1000', 1],
      ['big:9007199254740993', 1],
      ['big:9007199254740992', 0],
      ['big:>9007199254740992', 1],
      ['ver:1.1', 0],
      ['ver:1.10', 1],
      ['gpus.util:>90', 1],
      ['gpus.util:95.0', 1],
      ['kubernetes.labels.app.kubernetes.io/name:web', 1],
      ['-kubernetes.labels.app.kubernetes.io/name:web level:info', 1_501],
      ['level:(error OR warn)', 2],
      [`pod:(${Array.from({ length: 3_000 }, (_, pod) => `pod-${pod}`).join(' OR ')})`, 1_500],
    ] as const) {
      const { total: answer } = q.length < 4_000 ? { total: await total(q) } : await posted(q);
      t.equal(answer, found, q.slice(0, 60));
    }
    const groups = (await ask('/api/v1/logs/count?by=kubernetes.labels.app.kubernetes.io/name&q=rank')).json
      .groups;
    t.same(groups, [{ 'kubernetes.labels.app.kubernetes.io/name': 'web', count: 1 }]);
  });

  await t.test('a query that finds nothing says what was probably not meant', async (t) => {
    for (const [q, meant] of [
      ['service:vlm', 'service:vllm'],
      ['12:31:45', '"12:31:45"'],
      ['http://hosts:8080/x', '"http://hosts:8080/x"'],
      ['rank:3', '"rank:3"'],
      ['tim*', 'tim'],
      ['timeout and qdrantX', 'timeout AND qdrantX'],
      ['qdrantX && timeout', 'qdrantX AND timeout'],
      ['!timeout', '-timeout'],
      ['“first token”', '"first token"'],
      ['/time.*out/', 'message:/time.*out/'],
      ['status_code:!=5', '-status_code:5'],
      ['level=warn', 'level:warn'],
      ['stauts_code:500', 'status_code:500'],
      ['status_codes:500 service:qdrant', 'status_code:500 service:qdrant'],
    ]) {
      for (const endpoint of ['search', 'count']) {
        const { json } = await ask(`/api/v1/logs/${endpoint}?q=${encodeURIComponent(q!)}`);
        t.ok(
          json.hints?.some(({ query }: { query?: string }) => query === meant),
          `${endpoint} ${q}: ${JSON.stringify(json.hints)}`,
        );
      }
    }
    t.equal(
      (await ask('/api/v1/logs/search?q=service:vllm')).json.hints,
      undefined,
      'what finds something has no hint',
    );
    t.same((await ask('/api/v1/logs/search?q=nothing-like-this')).json.hints, [], 'a plain word is meant');
  });

  await t.test('what is left out is counted', async (t) => {
    const count = (await ask('/api/v1/logs/count?by=pod&q=pod:*')).json;
    t.match(count, { total: 1_500, groups_left_out: 500, records_left_out: 500 });
    const facets = (await ask('/api/v1/logs/facets?fields=pod,level')).json;
    t.match(facets, {
      groups_left_out: 1_400,
      records_left_out: 1_400,
      left_out: { pod: { values: 1_400, records: 1_400 } },
    });
    t.equal(facets.left_out.level, undefined);
    const histogram = (await ask('/api/v1/logs/histogram?by=pod&q=pod:*')).json;
    t.match(histogram, { groups_left_out: 1_450, records_left_out: 1_450 });
    t.match(await ask('/api/v1/logs/histogram?by=level,service'), { status: 400, text: /one field/ });
  });

  await t.test('nothing is ignored in silence', async (t) => {
    for (const [path, said] of [
      ['/api/v1/logs/count?form=now-1h', /form: .*`from`/],
      ['/api/v1/logs/search?until=now', /until: expected one of .*to/],
      ['/api/v1/logs/export?limit=1', /limit: expected one of/],
      ['/api/v1/logs/facets?field=level', /`fields`/],
      ['/api/v1/logs/count?from=2026-11-30&to=2026-11-29', /from: expected a time that is not after/],
      ['/api/v1/logs/count?from=now&to=now-1h', /from: expected a time that is not after/],
      ['/api/v1/logs/count?from=2026-11-30T10:00:00+01:00', /%2B/],
      ['/api/v1/logs/count?tz=Mars/Olympus', /tz: expected the IANA name/],
      ['/services?x=1', /x: this endpoint takes no parameters/],
    ] as const) {
      const { status, json } = await ask(path);
      t.equal(status, 400, path);
      t.match(json.error.message, said, path);
    }
    const deletion = await fetch(`${server.url}/api/v1/logs/delete?q=pod:*&form=now-1h`, { method: 'POST' });
    t.equal(deletion.status, 400);
    t.match(await deletion.text(), /form: .*`from`/);
    for (const stream of ['/api/v1/logs/stream', '/api/v1/alerts/stream']) {
      t.match(
        await ask(stream, { 'last-event-id': 'abc' }),
        { status: 400, text: /Last-Event-ID: expected/ },
        stream,
      );
    }
    t.equal((await fetch(`${server.url}/api/v1/logs?anything=1`)).status, 200, 'a page takes any');
    t.equal(
      (await fetch(`${server.url}/logs/ingest?anything=1`, { method: 'POST', body: '' })).status,
      200,
      'a way in too',
    );
  });

  await t.test('a time without a zone has one meaning', async (t) => {
    const at = async (range: string) =>
      (await ask(`/api/v1/logs/count?${range}&q=step`)).json.total as number;
    t.equal(await at('from=2026-11-29T11:00:00&to=2026-11-29T11:00:01'), 1, 'in DEFAULT_TIMEZONE');
    t.equal(await at('from=2026-11-29T10:00:00&to=2026-11-29T10:00:01&tz=UTC'), 1, 'in tz');
    t.equal(await at('from=2026-11-29T05:00:00&to=2026-11-29T05:00:01&tz=America/New_York'), 1);
    const starts = async (query: string) =>
      (await ask(`/api/v1/logs/histogram?${query}`)).json.buckets.map(
        ({ timestamp, total }: { timestamp: string; total: number }) => [timestamp, total],
      );
    t.same(await starts('interval=1d&from=2026-11-28&to=2026-11-30'), [
      ['2026-11-27T23:00:00Z', 1_500],
      ['2026-11-28T23:00:00Z', 4],
    ]);
    t.same(
      await starts('interval=1w&from=2026-11-25&to=2026-12-01&tz=UTC'),
      [
        ['2026-11-23T00:00:00Z', 1_504],
        ['2026-11-30T00:00:00Z', 0],
      ],
      'weeks begin on Mondays',
    );
    t.same(
      (await starts('interval=1d&from=2026-10-24&to=2026-10-27')).map(([start]: [string]) => start),
      ['2026-10-23T22:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
      'the day on which clocks go back has 25 hours',
    );
    for (const from of ['now/d', 'today', 'yesterday', 'now-1d/d', 'now-1h30m', '-1w', 'now/w', 'now/M'])
      t.equal((await ask(`/api/v1/logs/count?from=${from}`)).status, 200, from);
  });
});
