import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EventReader } from '../event-reader.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startProcess } from './test-server.ts';

const deep = (depth: number) =>
  `{"message":"deep one","deep":${'['.repeat(depth)}1${']'.repeat(depth)},"e":1e400}`;
const deepObject = (depth: number) =>
  `{"message":"deep one","deep":${'{"k":'.repeat(depth)}"x"${'}'.repeat(depth)},"e":1e400}`;
const RULES = `
sampling:
  - { query: 'deep:x', keep_one_in: 1000000 }
  - { query: 'message:/[ab]*a[ab]{200}c/', keep_one_in: 1000000 }
metrics:
  - { name: deep, query: 'deep:x', by: [deep] }
`;

t.test(
  'records that make predicates fail cost no stream, no rule, no neighbour and no restart',
  async (t) => {
    const folder = temporaryFolder();
    const rulesFile = join(folder, 'rules.yaml');
    writeFileSync(rulesFile, RULES);
    const settings = { DATA_DIR: join(folder, 'data'), RULES_FILE: rulesFile };
    const server = await startProcess(settings);
    t.teardown(() => server.stop('SIGKILL'));
    const rule = (name: string, query: string) =>
      fetch(`${server.url}/api/v1/alerts/rules`, {
        method: 'POST',
        body: JSON.stringify({ name, query, kind: 'count', window: '1h', threshold: 0 }),
      });
    t.equal((await rule('deep', 'deep:x')).status, 201);
    t.equal((await rule('deep-any', 'deep.k:*')).status, 201);
    t.equal((await rule('slow', 'message:/[ab]*a[ab]{200}c/')).status, 201);
    t.equal((await rule('neighbour', '"good neighbour"')).status, 201);
    const streams = ['deep:x', 'deep.k.k:*', '-deep:1', 'message:/[ab]*a[ab]{200}c/', '"good neighbour"'].map(
      (q) => new EventReader(`${server.url}/api/v1/logs/stream?q=${encodeURIComponent(q)}`),
    );
    // The last one shows that all are open.
    const seen = (async () => {
      for await (const event of streams.at(-1)!) if (event.data.includes('good neighbour')) return event.data;
      return undefined;
    })();
    for (const reader of streams.slice(0, -1))
      void reader[Symbol.asyncIterator]()
        .next()
        .catch(() => {});
    await until(async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^logplane_live_readers (\d+)$/m.exec(metrics)?.[1]) === streams.length;
    }, 'all streams');

    const lines = [
      deep(8_000),
      deepObject(8_000),
      `{"message":"${'ab'.repeat(500_000)}"}`,
      '{"message":"odd names","__proto__":{"deep":"x"},"constructor":"x","toString":"x","a.b":1,"a\\"b\\n":2}',
      '{"message":"good neighbour"}',
    ];
    t.match(await server.ingest(lines.join('\n')), { status: 200, body: { rejected: 0 } });
    t.match(await seen, /good neighbour/);
    t.match(await server.ingest('{"message":"still here"}'), { status: 200, body: { accepted: 1 } });

    const fires = (from: typeof server) =>
      until(async () => {
        const { alerts } = await from.get('/api/v1/alerts');
        return alerts.some((alert: { rule: string }) => alert.rule === 'neighbour');
      }, 'the alert of the good neighbour');
    await fires(server);
    const { impaired } = await server.get('/readyz');
    t.match(impaired['sampling rule 2'], /failed on 1 records .* expected a text of at most/);
    t.match(
      await (await fetch(`${server.url}/metrics`)).text(),
      /^logplane_rule_failures_total\{rule="sampling rule 2"\} 1$/m,
    );
    for (const reader of streams) reader.cut();
    t.equal(await server.stop('SIGTERM'), 0);

    const again = await startProcess(settings);
    t.teardown(() => again.stop('SIGKILL'));
    await fires(again);
    t.equal((await again.get('/api/v1/logs/count')).total, lines.length + 1);
    t.same((await again.get('/readyz')).impaired, {});
  },
);
