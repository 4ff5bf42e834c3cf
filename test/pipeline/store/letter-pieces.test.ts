import t from 'tap';
import { createBase64Writer, cutContent, headOf } from '../../../pipeline/store/letter-pieces.ts';

const MIB = 1024 * 1024;

t.test('the parts together are the content', async (t) => {
  const contents = [
    '',
    'short',
    'x'.repeat(3 * MIB),
    `${'word '.repeat(MIB)}end`,
    `${'line of text\n'.repeat(200_000)}end`,
    '😀'.repeat(2 * MIB),
    `a${'😀'.repeat(2 * MIB)}`,
  ];
  for (const content of contents) {
    const parts = [...cutContent(content)];
    t.equal(parts.join('') === content, true, `${content.slice(0, 12)} of ${content.length}`);
    t.ok(
      parts.every((part) => part.length <= MIB && part.isWellFormed()),
      'no part is too long or ends in half of a character',
    );
  }
});

t.test('no part ends in a word or in a PEM block, where it need not', async (t) => {
  const words = [...cutContent('password=hunter2 '.repeat(200_000))];
  t.ok(words.length > 2);
  t.ok(words.every((part) => part.endsWith('hunter2 ')));
  const block = `-----BEGIN PRIVATE KEY-----\n${'QUJD\n'.repeat(300)}-----END PRIVATE KEY-----\n`;
  for (let shift = 1; shift < 2_000; shift += 97) {
    const parts = [...cutContent(`${'x'.repeat(MIB - shift)}\n${block}${'y'.repeat(MIB)}`)];
    const holding = parts.filter((part) => part.includes('-----BEGIN') || part.includes('-----END'));
    t.equal(holding.length, 1, `a block that begins ${shift} before the end of a part`);
  }
});

t.test('bytes come out as base64 of all of them', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) % 256));
  for (const size of [1, 2, 3, 4, 7, 999, 1000]) {
    const writer = createBase64Writer();
    let text = '';
    for (let at = 0; at < bytes.length; at += size)
      text += writer.add(bytes.toString('latin1', at, Math.min(at + size, bytes.length)));
    t.equal(text + writer.end(), bytes.toString('base64'), `${size} at a time`);
  }
});

t.test('a head has whole characters and no more bytes than it may', async (t) => {
  const cases: [text: string, bytes: number, head: string][] = [
    ['abc', 10, 'abc'],
    ['abc', 2, 'ab'],
    ['äöü', 3, 'ä'],
    ['äöü', 4, 'äö'],
    ['😀😀', 7, '😀'],
    ['😀', 3, ''],
    ['a😀', 0, ''],
    ['', 5, ''],
  ];
  for (const [text, bytes, head] of cases) t.equal(headOf(text, bytes), head, `${bytes} of "${text}"`);
});
