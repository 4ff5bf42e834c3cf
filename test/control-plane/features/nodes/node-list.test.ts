import t from 'tap';
import { addReadList, readList, toPart } from '../../../../control-plane/features/nodes/node-list.ts';
import { hasRedis, startRedis } from '../../../redis-server.ts';

t.test('a part of a list of entries', { skip: hasRedis ? false : 'redis-server is not there' }, async (t) => {
  const { client, stop } = await startRedis();
  t.teardown(stop);
  const key = 'node_logs:a';
  const texts = Array.from({ length: 1_234 }, (_, index) => `entry ${index}`);
  await client.rpush(key, ...texts);
  const maxBytes = 1024 ** 2;

  for (const [from, maxEntries] of [
    [0, 10_000],
    [0, 1],
    [99, 101],
    [100, 100],
    [1_000, 500],
    [1_234, 10],
    [5_000, 10],
  ] as const) {
    t.strictSame(
      await readList(client, key, { from, maxEntries, maxBytes }),
      { texts: texts.slice(from, from + maxEntries), start: from, leftOut: 0 },
      `${maxEntries} from ${from}`,
    );
  }
  for (const newest of [1, 99, 100, 101, 1_234, 5_000]) {
    const wanted = texts.slice(-newest);
    t.strictSame(
      await readList(client, key, { from: -newest, maxEntries: 10_000, maxBytes }),
      { texts: wanted, start: texts.length - wanted.length, leftOut: 0 },
      `the newest ${newest}`,
    );
  }
  t.strictSame(await readList(client, 'node_logs:none', { from: -5, maxEntries: 10, maxBytes }), {
    texts: [],
    start: 0,
    leftOut: 0,
  });

  t.test('ends at its bound in bytes, and never before its first entry', async (t) => {
    const large = 'node_logs:large';
    await client.rpush(large, ...['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(400_000)));
    const first = (part: { readonly texts: readonly string[] }) => part.texts.map((text) => text[0]).join('');
    const ahead = await readList(client, large, { from: 1, maxEntries: 10, maxBytes });
    t.strictSame([first(ahead), ahead.start, ahead.leftOut], ['bc', 1, 2]);
    const newest = await readList(client, large, { from: -4, maxEntries: 10, maxBytes });
    t.strictSame([first(newest), newest.start, newest.leftOut], ['de', 3, 2]);
    const one = await readList(client, large, { from: 0, maxEntries: 10, maxBytes: 10 });
    t.strictSame([first(one), one.leftOut], ['a', 4]);
  });

  t.test('cuts an entry that is longer than a record may be', async (t) => {
    await client.rpush('node_logs:huge', 'x'.repeat(30 * 1024 ** 2));
    const {
      texts: [text],
    } = await readList(client, 'node_logs:huge', { from: 0, maxEntries: 10, maxBytes });
    t.equal(text!.length, 1024 ** 2);
  });

  t.test('in a pipeline a key that is no list fails alone', async (t) => {
    await client.set('node_logs:text', 'no list');
    const pipeline = client.pipeline();
    for (const each of ['node_logs:text', key])
      addReadList(pipeline, each, { from: 1_230, maxEntries: 9, maxBytes });
    const [[error], [, answer]] = (await pipeline.exec()) as [[Error], [null, unknown]];
    t.match(error.message, /^WRONGTYPE/);
    t.strictSame(toPart(answer).texts, texts.slice(1_230));
    await t.rejects(readList(client, 'node_logs:text', { from: 0, maxEntries: 9, maxBytes }), /WRONGTYPE/);
  });
});
