import t from 'tap';
import { GuessLimit } from '../../../control-plane/http/guess-limit.ts';

const NOW = 1_000_000;
const REFUSED = /too many invalid tokens .* wait a minute/;

function guess(limit: GuessLimit, address: string, times: number): void {
  for (let count = 0; count < times; count++) limit.check(address, `guess-${count}`, false, NOW);
}

function refusal(check: () => void): unknown {
  try {
    check();
    return undefined;
  } catch (error) {
    return error;
  }
}

t.test('a hundred tokens of an address are looked at in a minute', async (t) => {
  const limit = new GuessLimit();
  guess(limit, '10.0.0.1', 100);
  t.throws(() => limit.check('10.0.0.1', 'one more', false, NOW), REFUSED);
  t.match(
    refusal(() => limit.check('10.0.0.1', 'one more', false, NOW + 59_999)),
    { retryAfterSeconds: 1 },
  );
  limit.check('10.0.0.2', 'one more', false, NOW);
  limit.check('10.0.0.1', 'one more', false, NOW + 60_000);
});

t.test('a right token does not count, and is refused all the same', async (t) => {
  const limit = new GuessLimit();
  limit.check('10.0.0.1', 'right', true, NOW);
  guess(limit, '10.0.0.1', 100);
  t.throws(() => limit.check('10.0.0.1', 'right', true, NOW), REFUSED);
});

t.test('one wrong token that comes again and again counts once', async () => {
  const limit = new GuessLimit();
  for (let count = 0; count < 1_000; count++) limit.check('10.0.0.1', 'stale', false, NOW);
  limit.check('10.0.0.1', 'other', false, NOW);
});

t.test('an address is counted as one however it is written, IPv6 by its /64', async (t) => {
  for (const [first, second, isOne] of [
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:0db8:0001:0002:0:0:0:2', true],
    ['fe80::1%eth0', 'fe80::2', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['10.0.0.1', '10.0.0.2', false],
  ] as const) {
    const limit = new GuessLimit();
    guess(limit, first, 100);
    const other = () => limit.check(second, 'one more', false, NOW);
    if (isOne) t.throws(other, REFUSED, `${first} and ${second}`);
    else t.doesNotThrow(other, `${first} and ${second}`);
  }
});

t.test('the oldest of many addresses is forgotten', async (t) => {
  const limit = new GuessLimit();
  guess(limit, 'first', 100);
  for (let count = 0; count < 999; count++) guess(limit, `other-${count}`, 1);
  t.throws(() => limit.check('first', 'a', false, NOW));
  guess(limit, 'one more', 1);
  limit.check('first', 'a', false, NOW);
});
