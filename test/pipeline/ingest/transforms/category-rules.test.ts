import t from 'tap';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import { parseCategoryRules } from '../../../../pipeline/ingest/transforms/category-rules.ts';

t.test('reads services and rules', async (t) => {
  const { services, rules } = parseCategoryRules(`
services: [empty-yet, training]
rules:
  - service: training
    words: [Trainer]
    path: '/jobs/train-[^/]*$'
  - service: ray
    container: '^ray-'
`);
  t.same(services, ['empty-yet', 'training', 'ray']);
  const categorize = createCategorizer(rules);
  const evidence = { service: '', file_path: '', machine_id: '', container_name: '', message: '' };
  t.equal(categorize({ ...evidence, file_path: '/jobs/train-1.out' }), 'training');
  t.equal(categorize({ ...evidence, file_path: '/x/trainer.log' }), 'training');
  t.equal(categorize({ ...evidence, container_name: 'ray-head' }), 'ray');
  t.same(parseCategoryRules(''), { services: [], rules: [] }, 'an empty file adds nothing');
});

t.test('an invalid rule is reported with its name and field', async (t) => {
  for (const [text, message] of [
    ['rules: [{service: a, path: "["}]', /^rule 1 \(a\), path: is no regular expression: /],
    ['rules: [{service: a, path: x}, {service: b}]', /^rule 2 \(b\): needs at least one of words, path/],
    ['rules: [{path: x}]', /^rule 1, service: /],
    ['rules: [{service: "Bad Name", path: x}]', /^rule 1 \(Bad Name\), service: must be a name/],
    ['rules: [{service: a, word: [x]}]', /^rule 1 \(a\): .*word/],
    ['rules: [{service: a, words: ["two words"]}]', /^rule 1 \(a\), words\.0: must be one word/],
    ['rules: 7', /^rules: /],
    ['rule: []', /rule/],
    ['- a', /object/],
    ['services: [{}]', /^services 1: /],
    ['a: [', /^is not valid YAML: /],
  ] as const) {
    t.throws(() => parseCategoryRules(text), { name: 'CategoryRulesError', message }, text);
  }
});

t.test('every problem is reported at once', async (t) => {
  t.throws(() => parseCategoryRules('rules: [{service: a}, {service: b, path: "("}]'), {
    message: /rule 1 \(a\)[^\n]*\nrule 2 \(b\), path/,
  });
});

t.test('no pattern of an operator holds up ingest', async (t) => {
  const { rules } = parseCategoryRules(`
rules:
  - { service: a, program: '^(a+)+$', path: '(x+x+)+y', container: '^(c|cc)+$' }
`);
  const categorize = createCategorizer(rules);
  const evidence = { service: '', file_path: '', machine_id: '', container_name: '', message: '' };
  // Each of them takes JavaScript's own regexes longer than anybody waits.
  t.equal(categorize({ ...evidence, message: `${'a'.repeat(300)}!` }), 'uncategorized');
  t.equal(categorize({ ...evidence, file_path: `/f${'x'.repeat(100_000)}` }), 'uncategorized');
  t.equal(categorize({ ...evidence, container_name: `${'c'.repeat(100_000)}!` }), 'uncategorized');
  t.equal(categorize({ ...evidence, message: 'a'.repeat(300) }), 'a');
});

t.test('what RE2 does not have is refused and named', async (t) => {
  t.throws(() => parseCategoryRules("rules: [{service: a, path: 'x(?=y)'}]"), {
    message: /rule 1 \(a\), path: is no regular expression: .*\(RE2 syntax, without lookarounds\)/,
  });
});
