import t from 'tap';
import { diffLines } from '../../../../control-plane/features/fleet/diff-lines.ts';

const SIGNS = { same: ' ', added: '+', removed: '-' };
const CASES: Readonly<Record<string, readonly [before: string, after: string, changes: string]>> = {
  'equal texts': ['a\nb', 'a\nb', ' a\n b'],
  'a line that is another one': ['a\nb\nc', 'a\nx\nc', ' a\n-b\n+x\n c'],
  'lines at both ends': ['b\nc', 'a\nb', '+a\n b\n-c'],
  'a text that was empty': ['', 'a\nb', '-\n+a\n+b'],
  'a line that repeats': ['a\na\nb', 'a\nb', ' a\n-a\n b'],
};

for (const [name, [before, after, changes]] of Object.entries(CASES)) {
  t.test(name, async (t) => {
    const lines = diffLines(before, after);
    t.equal(lines.map(({ kind, text }) => SIGNS[kind] + text).join('\n'), changes);
    for (const [text, kind] of [
      [before, 'added'],
      [after, 'removed'],
    ] as const) {
      const left = lines.filter((line) => line.kind !== kind).map((line) => line.text);
      t.equal(left.join('\n'), text, 'both texts are in it');
    }
  });
}
