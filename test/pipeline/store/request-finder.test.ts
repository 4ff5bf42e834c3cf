import t from 'tap';
import { ClickHouseError } from '../../../pipeline/store/clickhouse.ts';
import { RequestFinder } from '../../../pipeline/store/request-finder.ts';
import { idempotencyKey, type StoredRequest } from '../../../pipeline/store/request-progress.ts';

const key = (n: number) => idempotencyKey('m', String(n));
const stored = (n: number): StoredRequest => ({
  agent: 'm',
  digest: String(n),
  entries: n,
  accepted: n,
  rejected: 0,
  complete: true,
});

/** A store that has the even requests and answers when it is let. */
function createScene(answer: (keys: readonly string[]) => Promise<void> = async () => {}) {
  const statements: { keys: readonly string[]; after: number }[] = [];
  const warnings: string[] = [];
  const finder = new RequestFinder({
    onDamage: (message) => warnings.push(message),
    store: {
      async findRequests(keys, after) {
        statements.push({ keys, after });
        await answer(keys);
        return keys
          .map((text) => Number((JSON.parse(`${text}]`) as string[])[1]))
          .flatMap((n) => (n % 2 ? [] : stored(n)));
      },
    },
  });
  return { finder, statements, warnings };
}

t.test('what is asked for while a statement runs is looked for with the next one', async (t) => {
  const { finder, statements } = createScene();
  const found = await Promise.all(Array.from({ length: 10 }, (_, n) => finder.find(key(n), 1_000 - n)));
  t.same(
    found.map((progress) => progress?.entries),
    [0, undefined, 2, undefined, 4, undefined, 6, undefined, 8, undefined],
  );
  t.same(
    statements.map(({ keys, after }) => [keys.length, after]),
    [
      [1, 1_000_000],
      [9, 991_000],
    ],
  );
});

t.test('a statement has a bounded number of keys, each once', async (t) => {
  const { finder, statements } = createScene();
  await Promise.all(Array.from({ length: 1_001 }, (_, n) => finder.find(key(n), 0)));
  await Promise.all(Array.from({ length: 20 }, () => finder.find(key(4), 0)));
  t.same(
    statements.map(({ keys }) => keys.length),
    [1, 200, 200, 200, 200, 200, 1, 1],
  );
});

t.test('a store that does not answer has the senders come again, and the next search is tried', async (t) => {
  let fails = true;
  const { finder } = createScene(async () => {
    if (fails) throw new ClickHouseError('memory limit (total) exceeded', 241, undefined);
  });
  const answers = await Promise.allSettled([finder.find(key(2), 0), finder.find(key(4), 0)]);
  for (const answer of answers) t.match(answer, { reason: { kind: 'unavailable', retryAfterSeconds: 1 } });
  fails = false;
  t.match(await finder.find(key(2), 0), { entries: 2 });
});

t.test('damaged rows hold up nobody, and are not silent', async (t) => {
  const { finder, warnings } = createScene(async () => {
    throw new ClickHouseError('Checksum does not match', 40, undefined);
  });
  t.equal(await finder.find(key(2), 0), undefined);
  t.match(warnings, [/^damaged rows hide whether 1 repeated requests are stored/]);
});
