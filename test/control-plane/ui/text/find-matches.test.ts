import t from 'tap';
import { compileMatches } from '../../../../control-plane/ui/text/find-matches.ts';

const TEXT = 'Error: request 17 timed out; ERROR again';

/** What is marked of the text. */
const marked = (query: string, text = TEXT) =>
  compileMatches(query)(text).map(([from, to]) => text.slice(from, to));

t.test('marks what the query looks for in messages', async (t) => {
  for (const [query, found] of [
    ['error', ['Error', 'ERROR']],
    ['"timed out" level:error', ['timed out']],
    ['error -again', ['Error', 'ERROR']],
    ['request OR (out again)', ['request', 'out', 'again']],
    ['message:/\\d+/', ['17']],
    ['message:*timed*again', ['timed', 'again']],
    ['timed "med out"', ['timed out']],
    ['service:error', []],
    ['', []],
    ['(not closed', []],
  ] as const) {
    t.same(marked(query), found, query);
  }
});

t.test('leaves out patterns that could take the browser for ever', async (t) => {
  t.same(marked('message:/(a+)+$/', 'a'.repeat(50)), []);
  t.same(marked('message:/a*a*a*a*b/', 'a'.repeat(50)), []);
});
