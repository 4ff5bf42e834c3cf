import { spawnSync } from 'node:child_process';
import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const VALUES = [
  'NaN',
  '-Infinity',
  '1e400',
  '9'.repeat(100),
  '9'.repeat(400),
  '"\\ud800"',
  '{"a":[1e400,{"\\udfff":NaN}]}',
];

const hasJq = spawnSync('jq', ['--version']).status === 0;

t.test(
  'a record is found by its other fields whatever one of them holds, and any parser reads the answer',
  async (t) => {
    const server = await startHere({ DATA_DIR: temporaryFolder() });
    t.teardown(() => server.close());
    const lines = VALUES.map((value, n) => `{"message":"odd","user":"bob","n":${n},"v":${value}}`);
    const { body } = await server.ingest(lines.join('\n'));
    t.match(body, { accepted: VALUES.length, rejected: 0 });
    const search = `${server.url}/api/v1/logs/search?q=`;
    const found = await (await fetch(`${search}user:bob`)).text();
    t.same(
      JSON.parse(found)
        .records.map(({ n }: { n: number }) => n)
        .toSorted(),
      [...VALUES.keys()],
    );
    t.same(JSON.parse(await (await fetch(`${search}NOT%20user:bob`)).text()).records, []);
    const exported = await (await fetch(`${server.url}/api/v1/logs/export?q=user:bob`)).text();
    t.equal(exported.trim().split('\n').length, VALUES.length);
    for (const text of [found, exported]) {
      t.notMatch(text, /\\ud800|\\udfff|:NaN|1e400[,}\]]/);
      if (hasJq) t.equal(spawnSync('jq', ['-c', '.'], { input: text }).status, 0);
    }
  },
);
