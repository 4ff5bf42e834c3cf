import t from 'tap';
import { justAfter } from '../../../../control-plane/ui/live/just-after.ts';

t.test('the next nanosecond of a time of any precision', async (t) => {
  t.equal(justAfter('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00.000000001Z');
  t.equal(justAfter('2026-01-01T00:00:00.5Z'), '2026-01-01T00:00:00.500000001Z');
  t.equal(justAfter('2026-01-01T00:00:00.123456789Z'), '2026-01-01T00:00:00.123456790Z');
  t.equal(justAfter('2026-12-31T23:59:59.999999999Z'), '2027-01-01T00:00:00.000Z');
});
