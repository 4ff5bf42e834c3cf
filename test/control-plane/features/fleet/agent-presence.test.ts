import t from 'tap';
import { StoredPresence } from '../../../../control-plane/features/fleet/agent-presence.ts';
import type { AgentReport } from '../../../../control-plane/features/fleet/agent-report.ts';
import { Fleet } from '../../../../control-plane/features/fleet/fleet.ts';
import { MachineConfigs } from '../../../../control-plane/features/fleet/machine-config.ts';
import type { ProfileStore } from '../../../../control-plane/features/fleet/profile-store.ts';
import type { RolloutStore } from '../../../../control-plane/features/fleet/rollout-store.ts';
import { Templates } from '../../../../pipeline/agent/fluent-bit/templates.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

const MINUTE = 60_000;

type Row = [id: string, updated: number, body: string];

/** A store that keeps nothing but what was written, and gives the rows of another server. */
function presence(
  limits: { maxAgents?: number; maxBytes?: number },
  { known = [], rows = [] }: { readonly known?: readonly string[]; readonly rows?: readonly Row[] } = {},
) {
  const written: string[] = [];
  const clock = { now: 0 };
  const clickhouse = {
    shared: rows.length > 0,
    query: async (_sql: string, { parameters }: { parameters: { after: string } }) =>
      rows.filter(([id]) => id > parameters.after).slice(0, 2_000),
    insert: async (_table: string, _columns: unknown, { pieces }: { pieces: Uint8Array[] }) => {
      written.push(...Buffer.concat(pieces).toString().trim().split('\n'));
    },
  } as unknown as ClickHouse;
  const agents = new StoredPresence({
    clickhouse,
    isKnown: (id) => known.includes(id),
    now: () => clock.now,
    ...limits,
  });
  const put = (report: AgentReport) => {
    clock.now = Math.max(clock.now, report.last_seen);
    agents.put(report);
  };
  return { agents, put, written };
}

const report = (id: string, first: number, last = first, more: Partial<AgentReport> = {}): AgentReport => ({
  machine_id: id,
  first_seen: first * MINUTE,
  last_seen: last * MINUTE,
  config_taken: false,
  stuck: false,
  ...more,
});

const ids = (agents: StoredPresence) =>
  agents
    .all()
    .map(({ machine_id }) => machine_id)
    .sort();
const bytes = (agents: StoredPresence) =>
  agents.all().reduce((sum, each) => sum + JSON.stringify(each).length, 0);

t.test('machines that were heard of for a moment give way to new ones', async (t) => {
  const { agents, put, written } = presence({ maxAgents: 5 }, { known: ['with profile'] });
  put(report('with profile', 0));
  put(report('old', 0));
  put(report('old', 0, 20));
  put(report('invented 1', 1));
  put(report('invented 2', 2));
  put(report('alive', 29));
  await agents.refresh();
  put(report('new', 30));
  t.same(ids(agents), ['alive', 'invented 1', 'new', 'old', 'with profile']);
  t.equal(agents.find('invented 2'), undefined);
  await agents.refresh();
  t.same(ids(agents), ['alive', 'invented 1', 'new', 'old', 'with profile'], 'also when it is stored');
  t.ok(written.some((row) => row.includes('"invented 2"') && row.includes('"null"')));
  put(report('invented 2', 31));
  t.same(
    ids(agents),
    ['alive', 'invented 2', 'new', 'old', 'with profile'],
    'one that comes back is there again',
  );
});

t.test(
  'of a full table each machine has its report, and a place as soon as it does more than others',
  async (t) => {
    const { agents, put } = presence({ maxAgents: 3 });
    for (const id of ['invented 1', 'invented 2', 'invented 3']) put(report(id, 0, 9));
    put(report('real', 9));
    t.same(ids(agents), ['invented 1', 'invented 2', 'invented 3']);
    t.equal(agents.unlisted, 1);
    t.match(agents.find('real'), { machine_id: 'real' }, 'its configuration can be rendered');
    put(report('real', 9, 10, { config_taken: true }));
    t.same(ids(agents), ['invented 1', 'invented 2', 'real'], 'one that runs its configuration');
    t.equal(agents.unlisted, 0);
    put(report('invented 3', 10));
    t.same(ids(agents), ['invented 1', 'invented 2', 'real']);
    for (let count = 0; count < 1_000; count++) put(report(`flood ${count}`, 10));
    t.ok(agents.unlisted <= 200, 'and only the latest reports are kept');
    t.same(ids(agents), ['invented 1', 'invented 2', 'real']);
  },
);

t.test('of many machines of one address each is less credible than one of its own', async (t) => {
  const { agents, put } = presence({ maxAgents: 3 });
  const from = (address: string) => ({ address, config_taken: true });
  put(report('first', 0, 20, from('10.0.0.1')));
  for (const count of [1, 2]) put(report(`invented ${count}`, 1, 20, from(`2001:db8::${count}`)));
  put(report('second', 5, 20, from('10.0.0.2')));
  t.same(ids(agents), ['first', 'invented 1', 'second'], 'an IPv6 address stands for its /64');
});

t.test('reports are bounded in bytes, each and together, and also where they grow', async (t) => {
  const { agents, put } = presence({ maxBytes: 100_000 });
  const wide = (size: number) => ({ problem: 'x'.repeat(size) });
  t.throws(() => put(report('huge', 0, 0, wide(70_000))), /65536 bytes/);
  for (let count = 0; count < 100; count++) put(report(`m${count}`, 0));
  t.equal(ids(agents).length, 100);
  for (let count = 0; count < 100; count++) put(report(`m${count}`, 0, 1, wide(40_000)));
  t.ok(bytes(agents) <= 100_000, `${bytes(agents)} bytes`);
  await agents.refresh();
  t.ok(bytes(agents) <= 100_000, 'also when it is stored');
  put(report('real', 1, 1, { config_taken: true, ...wide(40_000) }));
  t.ok(ids(agents).includes('real'));
  await agents.remove('real');
  t.notOk(ids(agents).includes('real'));
});

t.test('reports that other servers stored are bounded as well', async (t) => {
  const rows = Array.from({ length: 5_000 }, (_, count): Row => {
    const id = `m${String(count).padStart(4, '0')}`;
    return [id, 1_000 + count, JSON.stringify(report(id, 0, 0, { problem: 'x'.repeat(1_000) }))];
  });
  const { agents, written } = presence({ maxBytes: 200_000, maxAgents: 2_500 }, { rows });
  await agents.refresh();
  t.ok(bytes(agents) <= 200_000, `${bytes(agents)} bytes`);
  t.ok(ids(agents).length > 100);
  t.equal(
    written.filter((row) => row.includes('"null"')).length,
    5_000 - ids(agents).length,
    'what has no room is removed from the store',
  );
});

t.test('a machine without a place gets its configuration', async (t) => {
  const { agents } = presence({ maxAgents: 1 });
  const fleet = new Fleet({
    presence: agents,
    profiles: { current: () => undefined, scopes: () => [] } as unknown as ProfileStore,
    rollouts: { running: () => undefined } as unknown as RolloutStore,
    configs: new MachineConfigs(new Templates(undefined)),
    now: () => 1_000,
  });
  const origin = { server: 'http://127.0.0.1:8004', address: '127.0.0.1' };
  fleet.heartbeat('invented', {}, origin);
  const { hash } = fleet.heartbeat('real', { variables: { REGION: 'us' } }, origin);
  t.same(
    fleet.list().map(({ machine_id }) => machine_id),
    ['invented'],
  );
  t.match(fleet.knownConfig('real', origin.server), { hash, config: /region "us"/ });
  fleet.heartbeat('real', { variables: { REGION: 'us' }, config_hash: hash }, origin);
  t.same(
    fleet.list().map(({ machine_id }) => machine_id),
    ['real'],
  );
});
