import t from 'tap';
import { foldMessage } from '../../../../control-plane/ui/text/fold-message.ts';

t.test('a message in a list', async (t) => {
  t.same(foldMessage('one line', false), { text: 'one line', rest: '' });
  t.same(foldMessage('first\nsecond', false), { text: 'first', rest: '+1 line' });
  t.same(foldMessage('\n\nafter blanks\nmore', false), { text: 'after blanks', rest: '+3 lines' });
  t.same(foldMessage('Traceback\n  File "a.py"\nKeyError: x', false), {
    text: 'Traceback',
    rest: '+2 lines KeyError: x',
  });
  t.same(foldMessage(`Traceback${'\n  File "a.py"'.repeat(3_000)}\nKeyError: x`, false), {
    text: 'Traceback',
    rest: '+3001 lines KeyError: x',
  });
  t.same(foldMessage('a\nb', true), { text: 'a\nb', rest: '' });
  t.match(foldMessage('x'.repeat(3_000_000), false), { rest: '+3.0 MB' });
});
