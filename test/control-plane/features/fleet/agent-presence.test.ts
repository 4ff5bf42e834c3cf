import t from 'tap';
import { StoredPresence } from '../../../../control-plane/features/fleet/agent-presence.ts';
import type { AgentReport } from '../../../../control-plane/features/fleet/agent-report.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

const MINUTE = 60_000;

/** A store that keeps nothing but what was written. */
function presence(limits: { maxAgents?: number; maxBytes?: number }, known: readonly string[] = []) {
  const written: string[] = [];
  const clickhouse = {
    shared: false,
    query: async () => [],
    insert: async (_table: string, _columns: unknown, { pieces }: { pieces: Uint8Array[] }) => {
      written.push(...Buffer.concat(pieces).toString().trim().split('\n'));
    },
  } as unknown as ClickHouse;
  const isKnown = (id: string) => known.includes(id);
  return { agents: new StoredPresence({ clickhouse, isKnown, ...limits }), written };
}

const report = (id: string, first: number, last = first, more: Partial<AgentReport> = {}): AgentReport => ({
  machine_id: id,
  first_seen: first * MINUTE,
  last_seen: last * MINUTE,
  stuck: false,
  ...more,
});

const ids = (agents: StoredPresence) => agents.all().map(({ machine_id }) => machine_id);

t.test('machines that were heard of for a moment give way to new ones, others never do', async (t) => {
  const { agents, written } = presence({ maxAgents: 5 }, ['with profile']);
  agents.put(report('with profile', 0));
  agents.put(report('old', 0));
  agents.put(report('old', 0, 20));
  agents.put(report('invented 1', 1));
  agents.put(report('invented 2', 2));
  agents.put(report('alive', 29));
  await agents.refresh();
  agents.put(report('new', 30));
  t.same(ids(agents).sort(), ['alive', 'new', 'old', 'with profile']);
  t.equal(agents.find('invented 1'), undefined);
  await agents.refresh();
  t.same(ids(agents).sort(), ['alive', 'new', 'old', 'with profile'], 'also when it is stored');
  t.ok(written.some((row) => row.includes('"invented 1"') && row.includes('"null"')));
  agents.put(report('invented 1', 31));
  t.ok(agents.find('invented 1'), 'one that comes back is there again');
  t.throws(
    () => agents.put(report('one more', 31)),
    /machines: expected at most \d+, got one more/,
    'all others are at work',
  );
  agents.put(report('old', 0, 32));
  t.equal(agents.find('old')!.last_seen, 32 * MINUTE, 'those that are known report on');
});

t.test('reports are bounded in bytes, each and together', async (t) => {
  const { agents } = presence({ maxBytes: 100_000 });
  const wide = (bytes: number) => ({ problem: 'x'.repeat(bytes) });
  t.throws(() => agents.put(report('huge', 0, 0, wide(70_000))), /65536 bytes/);
  agents.put(report('a', 0, 0, wide(40_000)));
  agents.put(report('b', 0, 0, wide(40_000)));
  t.throws(() => agents.put(report('c', 1, 1, wide(40_000))), /machines: expected at most \d+, got one more/);
  await agents.remove('a');
  agents.put(report('c', 1, 1, wide(40_000)));
  for (let time = 2; time < 9; time++) agents.put(report('c', 1, time, wide(40_000)));
  t.same(ids(agents).sort(), ['b', 'c']);
});
