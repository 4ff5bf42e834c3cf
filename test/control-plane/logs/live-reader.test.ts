import t from 'tap';
import { LiveReader } from '../../../control-plane/logs/live-reader.ts';
import { LiveBus } from '../../../pipeline/live/live-bus.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { record } from './analysed-store.ts';

const numbered = (seq: number) => record({ seq, message: `n${seq}` });

t.test('a query that fails costs its reader the short way and nobody else', async (t) => {
  const bus = new LiveBus(0);
  const failing = new LiveReader(
    bus,
    ({ seq }: StoredRecord) => {
      if (seq === 2) throw new RangeError('Maximum call stack size exceeded');
      return true;
    },
    100,
  );
  const other = new LiveReader(bus, () => true, 100);
  for (const reader of [failing, other]) t.ok(reader.join(0));
  bus.publish(1, [numbered(1)]);
  bus.publish(3, [numbered(2), numbered(3)]);
  t.same(
    other.take(10).map(({ record }) => record.seq),
    [1, 2, 3],
  );
  t.notOk(failing.live, 'it reads the store from where it was');
  t.equal(failing.take(10).length, 0);
  t.notOk(failing.join(1), 'also when it comes back while these records are the newest');
  t.ok(failing.join(3));
  bus.publish(4, [numbered(4)]);
  t.same(
    failing.take(10).map(({ record }) => record.seq),
    [4],
  );
  t.equal(bus.failures, 0);
});

t.test('a listener that throws ends, and who stores does not notice', async (t) => {
  const bus = new LiveBus(0);
  const failures: unknown[] = [];
  const got: string[] = [];
  const calls = { onLate: () => got.push('late'), onProblem: () => got.push('problem') };
  for (const name of ['first', 'second', 'third']) {
    bus.subscribe({
      ...calls,
      onRecords: () => {
        if (name === 'second') throw new Error('of its own');
        got.push(name);
      },
      onFailure: (error) => failures.push(error),
    });
  }
  bus.publish(1, [numbered(1)]);
  bus.publish(2, [numbered(2)]);
  t.same(got, ['first', 'third', 'first', 'third']);
  t.match(failures, [{ message: 'of its own' }]);
  t.equal(bus.listenerCount, 2);
  t.equal(bus.failures, 1);
});
