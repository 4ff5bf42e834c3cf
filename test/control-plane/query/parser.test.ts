import t from 'tap';
import { allOf, type Query } from '../../../control-plane/query/ast.ts';
import { formatQuery } from '../../../control-plane/query/format.ts';
import { parseTime } from '../../../control-plane/query/parse-time.ts';
import { fieldEquals, parseQuery } from '../../../control-plane/query/parser.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import { Chance } from '../../chance.ts';
import { randomText } from './random-queries.ts';

function messageOf(query: string): string {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof LogplaneError && error.kind === 'bad_request') return error.message;
    throw error;
  }
  return 'parses';
}

t.test('queries and the one way of printing each', (t) => {
  const cases: readonly (readonly [query: string, printed: string])[] = [
    ['', '*'],
    ['  *  ', '*'],
    ['error', 'error'],
    ['"two words"', '"two words"'],
    ['"error"', 'error'],
    ['a AND b', 'a b'],
    ['a b OR c', 'a b OR c'],
    ['a (b OR c)', 'a (b OR c)'],
    ['((a b) c)', 'a b c'],
    ['NOT a', '-a'],
    ['NOT NOT a', 'a'],
    ['-(a OR b)', '-(a OR b)'],
    ['-*', '-*'],
    ['and or not', 'and or not'],
    ['"AND"', '"AND"'],
    ['gpu-7 -x', 'gpu-7 -x'],
    ['-', '"-"'],
    ['service:vllm', 'service:vllm'],
    ['service:"two words"', 'service:"two words"'],
    ['service:""', 'service:""'],
    ['AND:x', '"AND":x'],
    ['model_info.name:llama*', 'model_info.name:llama*'],
    ['"odd key":x', '"odd key":x'],
    ['x:"pre*"', 'x:"pre*"'],
    ['x:a\\*b*', 'x:a\\*b*'],
    ['x:a\\ b*', 'x:a\\ b*'],
    ['x:*', 'x:*'],
    ['x:/a b\\/(c)?/', 'x:/a b\\/(c)?/'],
    ['file_path:/var/log/a.log', 'file_path:"/var/log/a.log"'],
    ['x:>5 y:>=-5.5 z:<1e3', 'x:>5 y:>=-5.5 z:<1e3'],
    ['x:[1 TO 5] y:{1 TO 5} z:[1 TO 5}', 'x:[1 TO 5] y:{1 TO 5} z:[1 TO 5}'],
    ['x:[* TO 5] y:{1 TO *]', 'x:<=5 y:>1'],
    ['level:Warning level:>=error', 'level:Warning level:>=error'],
    ['timestamp:>now-15m', 'timestamp:>now-15m'],
    ['timestamp:[2026-01-01 TO 2026-01-02T00:00:00Z}', 'timestamp:[2026-01-01 TO 2026-01-02T00:00:00Z}'],
    ['C\\:\\\\temp', '"C:\\\\temp"'],
    ['a\\d', '"a\\\\d"'],
    ['"say \\"hi\\""', '"say \\"hi\\""'],
    ['привет 日本', 'привет 日本'],
    ['\ud800', '"\ufffd"'],
  ];
  for (const [query, printed] of cases) {
    const parsed = parseQuery(query);
    t.equal(formatQuery(parsed), printed, query);
    t.strictSame(parseQuery(printed), parsed, `${query} again`);
  }
  t.end();
});

t.test('a query that does not parse says what was expected, what came and where', (t) => {
  const cases: readonly (readonly [query: string, problem: RegExp, column: number])[] = [
    ['level:', /expected a value right behind "level:", got the end of the query/, 7],
    ['error: disk', /expected a value right behind "error:", got a blank/, 7],
    ['(a OR b', /expected "\)", got the end of the query/, 8],
    ['a)', /expected the end of the query, got "\)"/, 2],
    ['a OR', /expected a word, a phrase, a field or "\(", got the end of the query/, 5],
    ['AND a', /expected a word, .* got "AND"/, 1],
    ['()', /expected a word, .* got "\)"/, 2],
    ['a "b', /expected a closing '"'/, 3],
    [':x', /expected a field name/, 1],
    ['x:[1 5]', /expected "TO".* got "5\]"/, 6],
    ['x:[1 TO 5', /expected "\]" or "}", got the end of the query/, 10],
    ['x:>abc', /expected a number, got "abc"/, 3],
    ['x:[* TO *]', /expected a range with a lower or an upper end/, 3],
    ['😀 level:loud', /expected a level \(debug, info, warn, error, fatal\), got "loud"/, 9],
    ['timestamp:>someday', /expected a time \(.*\), got "someday"/, 11],
    ['x:/(/', /expected a regex in RE2 syntax/, 3],
    ['x:/(?=a)/', /expected a regex in RE2 syntax/, 3],
    ['x:/\\C/', /\\C or \\Q, which are not supported/, 3],
    ['x:/[]a]/', /class that starts with "\]"/, 3],
    ['x:/\\p{Garay}/', /Unicode class/, 3],
    ['x:/(a{900}b{900}){2}/', /expected a (less costly regex|regex in RE2 syntax)/, 3],
    [`x:/${'a'.repeat(1001)}/`, /regex of at most 1000 characters, got 1001/, 3],
    [`${'('.repeat(65)}a${')'.repeat(65)}`, /at most 64 levels/, 66],
    ['a '.repeat(257), /at most 256 terms/, 513],
    [`${'a.'.repeat(16)}a:x`, /16 parts/, 35],
  ];
  for (const [query, problem, column] of cases) {
    const [first, , caret] = messageOf(query).split('\n');
    t.match(first, problem, query.slice(0, 40));
    t.match(first, new RegExp(` at column ${column}$`), `${query.slice(0, 40)}: column`);
    t.equal(caret?.length, Math.min(column, 41), `${query.slice(0, 40)}: caret`);
  }
  t.equal(
    messageOf('service:a level:'),
    'q: expected a value right behind "level:", got the end of the query (quote text that holds a ":") at column 17\n' +
      'service:a level:\n                ^',
  );
  t.match(messageOf('a'.repeat(262_145)), /at most 262144 characters, got 262145/);
  t.end();
});

t.test('random text parses or is refused, and what parses prints and parses to the same tree', (t) => {
  const chance = new Chance(7);
  const signs = [
    '"',
    '(',
    ')',
    ':',
    '-',
    '*',
    '/',
    '\\',
    '[',
    ']',
    '{',
    '}',
    '>',
    '<=',
    ' ',
    ' ',
    ' TO ',
    ' OR ',
    'NOT ',
    '\ud800',
    'level',
    'x',
    '5',
  ]; // prettier-ignore
  let parsed = 0;
  for (let count = 0; count < 20_000; count++) {
    const text = chance
      .list(12, () => (chance.below(3) > 0 ? chance.pick(signs) : randomText(chance, 1)))
      .join('');
    let query: Query;
    try {
      query = parseQuery(text);
    } catch (error) {
      if (error instanceof LogplaneError && error.kind === 'bad_request') continue;
      t.fail(`${JSON.stringify(text)}: ${error}`);
      continue;
    }
    parsed++;
    const printed = formatQuery(query);
    const again = parseQuery(printed);
    if (JSON.stringify(again) !== JSON.stringify(query)) t.fail(`${JSON.stringify(text)} → ${printed}`);
  }
  t.ok(parsed > 2000, `${parsed} of 20,000 parse`);
  t.end();
});

t.test('a parameter of its own becomes a field of the same query', (t) => {
  const query = allOf([
    parseQuery('a OR b'),
    fieldEquals('service', 'two words'),
    fieldEquals('level', 'WARNING'),
  ]);
  t.equal(formatQuery(query), '(a OR b) service:"two words" level:WARNING');
  t.throws(() => fieldEquals('level', 'loud'), {
    kind: 'bad_request',
    message: /^level: expected a level .* got "loud"/,
  });
  t.end();
});

t.test('an epoch number is a time, 0 too; what looks like a date without its dashes is none', async (t) => {
  for (const [text, seconds] of [
    ['0', 0],
    ['1767225600', 1_767_225_600],
    ['1767225600000', 1_767_225_600],
    ['2026', undefined],
    ['20260101', undefined],
  ] as const)
    t.equal(parseTime(text, { now: 0 })?.seconds, seconds, text);
});
