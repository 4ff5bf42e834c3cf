import t from 'tap';
import { GuessLimit } from '../../../control-plane/http/guess-limit.ts';

const NOW = 1_000_000;

function guess(limit: GuessLimit, address: string, times: number): void {
  for (let count = 0; count < times; count++) limit.check(address, `wrong-${count}`, undefined, NOW);
}

t.test('after a hundred wrong tokens an address may only use what it has used before', async (t) => {
  const limit = new GuessLimit();
  limit.check('10.0.0.1', 'i', 'ingest', NOW);
  guess(limit, '10.0.0.1', 100);
  const refused = /too many wrong tokens .* wait a minute/;
  t.throws(() => limit.check('10.0.0.1', 'wrong', undefined, NOW), refused);
  t.throws(() => limit.check('10.0.0.1', 'a', 'admin', NOW), refused, 'a right guess tells nothing');
  limit.check('10.0.0.1', 'i', 'ingest', NOW);
  limit.check('10.0.0.2', 'a', 'admin', NOW);
  limit.check('10.0.0.1', 'a', 'admin', NOW + 60_000);
});

t.test('neither right tokens count nor one wrong token that comes again and again', async () => {
  const limit = new GuessLimit();
  for (let count = 0; count < 1000; count++) {
    limit.check('10.0.0.1', 'r', 'read', NOW);
    limit.check('10.0.0.1', 'stale', undefined, NOW);
  }
  limit.check('10.0.0.1', 'a', 'admin', NOW);
});

t.test('the oldest of many addresses is forgotten', async (t) => {
  const limit = new GuessLimit();
  guess(limit, 'first', 100);
  for (let count = 0; count < 999; count++) guess(limit, `other-${count}`, 1);
  t.throws(() => limit.check('first', 'a', 'admin', NOW));
  guess(limit, 'one more', 1);
  limit.check('first', 'a', 'admin', NOW);
});
