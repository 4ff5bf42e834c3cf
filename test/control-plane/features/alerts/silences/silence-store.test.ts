import t from 'tap';
import { parseSilence } from '../../../../../control-plane/features/alerts/silences/silence.ts';
import { SilenceStore } from '../../../../../control-plane/features/alerts/silences/silence-store.ts';
import { openStore } from '../../logs/analysed-store.ts';

t.test('a silence of a server whose clock is ahead can be removed', async (t) => {
  const clickhouse = await openStore(t);
  const silences = new SilenceStore(clickhouse);
  const ahead = t.intercept(Date, 'now', { value: () => Date.UTC(2200, 0, 1) });
  const { id } = await silences.add(parseSilence({ to: '2200-01-02T00:00:00Z' }));
  ahead.restore();
  t.match(await silences.list(), [{ id }]);
  t.ok(await silences.remove(id));
  t.same(await silences.list(), []);
  t.notOk(await silences.remove(id));
});
