import t from 'tap';
import { parseRule } from '../../../../../control-plane/features/alerts/rules/rule.ts';
import { RuleBook } from '../../../../../control-plane/features/alerts/rules/rule-book.ts';
import { NO_RULE_FILE } from '../../../../../control-plane/features/alerts/rules/rule-file.ts';
import { RuleStore } from '../../../../../control-plane/features/alerts/rules/rule-store.ts';
import { openStore } from '../../logs/analysed-store.ts';

t.test('of changes at once each is a version of its own, and a name is given once', async (t) => {
  const book = new RuleBook({
    builtIn: [],
    file: NO_RULE_FILE,
    store: new RuleStore(await openStore(t)),
  });
  const rule = (threshold: number) => parseRule({ name: 'rule', kind: 'count', threshold });
  const created = await Promise.allSettled([book.create(rule(1)), book.create(rule(2))]);
  t.same(
    created.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  await Promise.all([book.replace(rule(3)), book.replace(rule(4))]);
  t.match(await book.versions('rule'), [
    { version: 3, rule: { threshold: 4 } },
    { version: 2, rule: { threshold: 3 } },
    { version: 1, rule: { threshold: 1 } },
  ]);
});
