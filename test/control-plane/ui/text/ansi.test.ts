import t from 'tap';
import { splitAnsi } from '../../../../control-plane/ui/text/ansi.ts';

t.test('colours of terminals become looks, other codes nothing', async (t) => {
  t.same(splitAnsi('\u001b[1;31mbad\u001b[0m plain \u001b[38;5;46mgreen\u001b[39m\u001b[2K end'), [
    { text: 'bad', look: 'ansi-bold ansi-fg-1' },
    { text: ' plain ', look: '' },
    { text: 'green', look: 'ansi-fg-10' },
    { text: ' end', look: '' },
  ]);
});
