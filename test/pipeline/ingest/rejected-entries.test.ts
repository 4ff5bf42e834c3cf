import t from 'tap';
import { isOfRest, RejectedEntries, rejectBody } from '../../../pipeline/ingest/rejected-entries.ts';

const of = { digest: 'd', receivedAt: 1, agent: 'm', source: 'api' };

t.test('a request makes a letter for each of its first entries, and one for all others', async (t) => {
  const rejected = new RejectedEntries(of, 0);
  for (let line = 1; line <= 2_000_000; line++)
    rejected.add(line, { reason: 'no JSON', content: `x${line}` });
  t.ok(rejected.isFull);
  const letters = rejected.take();
  t.equal(letters.length, 1_001);
  t.match(letters[0], { id: 'd-1', line: 1, reason: 'no JSON', content: 'x1', agent: 'm' });
  const rest = letters.at(-1)!;
  t.match(rest, { id: 'd-rest-1001', line: 1_001, reason: /^1999000 entries from this one on.*no JSON$/ });
  t.match(rest.content, /^x1001\nx1002\n/, 'one line each, so that it can be replayed');
  t.ok(isOfRest(rest) && !isOfRest(letters[0]!));
  t.ok(rest.content.length < 600_000);
  t.same(rejected.take(), [], 'each is given once');

  rejected.add(2_000_001, { reason: 'no JSON', content: 'x' });
  const [grown] = rejected.take();
  t.match(grown, { id: 'd-rest-1001', reason: /^1999001 entries/ }, 'that of the rest as it is now');
  t.ok(grown!.receivedAt > rest.receivedAt, 'it is the newer one of the two');
});

t.test('the pieces of a text are one letter, as long as there is room for it', async (t) => {
  const rejected = new RejectedEntries(of, 0);
  const piece = 'x'.repeat(1024 * 1024);
  rejected.add(1, { reason: 'no JSON', content: 'before' });
  for (let part = 1; part <= 6; part++) rejected.add(1 + part, { reason: 'too long', content: piece, part });
  const [before, long, rest, ...others] = rejected.take();
  t.match(before, { id: 'd-1', content: 'before' });
  t.match(long, { id: 'd-2', line: 2, reason: 'too long' });
  t.equal(long?.content === piece.repeat(4), true);
  t.match(rest, { id: 'd-rest-6', reason: /^2 entries/ });
  t.same(others, []);
});

t.test('bytes remain bytes, and what is kept of the rest is whole', async (t) => {
  const rejected = new RejectedEntries(of, 1_000);
  const bytes = Buffer.alloc(100_000, 0xff);
  for (let line = 1_001; line <= 1_005; line++) rejected.add(line, { reason: 'broken', content: bytes });
  rejected.add(1_006, { reason: 'broken', content: Buffer.from('short') });
  const [rest] = rejected.take();
  t.ok(Buffer.isBuffer(rest?.content));
  t.equal(rest?.content.length, 200_000);
  t.match(rest?.reason, /^6 entries .* in 500005 characters, of which the first 200000 are kept/);
});

t.test('also few entries have a bound together', async (t) => {
  const rejected = new RejectedEntries(of, 0);
  for (let line = 1; line <= 60; line++)
    rejected.add(line, { reason: 'long', content: 'x'.repeat(1024 * 1024) });
  const letters = rejected.take();
  t.equal(letters.length, 5);
  t.match(letters[4], {
    reason: /^56 entries .* in 58720256 characters, of which the first 262144 are kept/,
  });
});

t.test('the bound holds over the attempts of a request', async (t) => {
  const rejected = new RejectedEntries(of, 5_000);
  rejected.add(5_001, { reason: 'no JSON', content: 'x' });
  t.match(rejected.take(), [{ id: 'd-rest-5001', reason: /^1 entries/ }]);
});

t.test('of a large body its beginning is kept, and what is missing is said', async (t) => {
  t.same(rejectBody('broken', Buffer.from('abc'), String), { reason: 'broken', content: 'abc' });
  const { reason, content } = rejectBody('broken', Buffer.alloc(3_000_000, 'x'), String);
  t.match(reason, /broken; the first 1048576 of 3000000 bytes are kept/);
  t.equal(content.length, 1_048_576);
});
