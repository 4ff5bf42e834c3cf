import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import t from 'tap';
import type { NodeEntry } from '../../../../control-plane/features/nodes/node-entry.ts';
import { PendingEntries } from '../../../../control-plane/features/nodes/pending-entries.ts';

/** Lists of Redis; `before` stands before each look at one. */
class Lists extends EventEmitter {
  readonly status = 'ready';
  readonly kept = new Map<string, string[]>();
  before = async (_key: string): Promise<void> => {};

  async exists(key: string): Promise<number> {
    await this.before(key);
    return this.kept.has(key) ? 1 : 0;
  }

  /** The newest entries of a list. */
  async eval(_script: string, _keys: number, key: string): Promise<[string[], number, number]> {
    return [this.kept.get(key) ?? [], 0, 0];
  }

  multi() {
    let length = 0;
    const steps = {
      rpush: (key: string, ...texts: string[]) => {
        const list = [...(this.kept.get(key) ?? []), ...texts];
        this.kept.set(key, list);
        length = list.length;
        return steps;
      },
      expire: () => steps,
      exec: async () => [
        [null, length],
        [null, 1],
      ],
    };
    return steps;
  }
}

t.test('what is pushed while the lists are looked after does not wait for the next entry', async (t) => {
  const lists = new Lists();
  const pending = new PendingEntries({
    redis: lists as unknown as Redis,
    keyOf: (nodeId) => nodeId,
    ttlSeconds: 60,
    restore: async () => [],
  });
  const entry = (message: string): NodeEntry => ({
    timestamp: '2026-11-25T08:00:00Z',
    level: 'info',
    message,
    phase: 'installing',
  });
  await pending.push('a', [entry('one')]);
  await pending.push('b', [entry('two')]);
  let held: Promise<number | undefined> | undefined;
  lists.before = async (key) => {
    if (key === 'b') held ??= pending.push('a', [entry('three')]);
  };
  lists.emit('ready');
  for (let loopRound = 0; loopRound < 100; loopRound++) await setImmediate();
  t.ok(held, 'the list of b was looked after');
  t.equal(pending.count, 0, 'nothing waits');
  t.match(lists.kept.get('a'), [/one/, /three/]);
});
