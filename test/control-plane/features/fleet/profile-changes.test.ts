import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { Agent, Fleet } from '../../../../control-plane/features/fleet/fleet.ts';
import { ProfileChanges } from '../../../../control-plane/features/fleet/profile-changes.ts';
import { ProfileStore } from '../../../../control-plane/features/fleet/profile-store.ts';
import type { Rollout } from '../../../../control-plane/features/fleet/rollout.ts';
import { RolloutStore } from '../../../../control-plane/features/fleet/rollout-store.ts';
import { EMPTY_PROFILE } from '../../../../pipeline/agent/fluent-bit/profile.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

const MACHINES = ['m1', 'm2', 'm3'].map(
  (machine_id) => ({ machine_id, state: 'healthy', expected_hash: 'x', config_taken: true }) as Agent,
);
const OPTIONS = { staged: true, canaries: 1, settleSeconds: 0, note: '', server: 'http://127.0.0.1' };

/** Changes of a fleet that is well, over a store whose next insert can be held up. */
function createChanges() {
  let held: Promise<void> | undefined;
  const clickhouse = {
    shared: false,
    query: async () => [],
    insert: async () => {
      const wait = held;
      held = undefined;
      await wait;
    },
  } as unknown as ClickHouse;
  const profiles = new ProfileStore(clickhouse);
  const rollouts = new RolloutStore(clickhouse);
  const fleet = {
    find: (id: string) => MACHINES.find(({ machine_id }) => machine_id === id),
    machinesOf: () => MACHINES,
    config: () => ({ problem: '', merged: {} }),
    configOfProfiles: () => ({ problems: [], files: [] }),
  } as unknown as Fleet;
  const changes = new ProfileChanges({ fleet, profiles, rollouts, verify: async () => [] });
  return {
    profiles,
    rollouts,
    changes,
    hold: () => {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

const begin = async (changes: ProfileChanges, scope: string) =>
  (await changes.change(scope, EMPTY_PROFILE, OPTIONS)).rollout as Rollout;

t.test('a rollout that is stopped while another one goes on stays stopped', async (t) => {
  const { rollouts, changes, hold } = createChanges();
  const scopes = ['group:a', 'group:b'];
  for (const scope of scopes) await begin(changes, scope);
  const last = rollouts.all().at(-1)!;
  const release = hold();
  const advanced = changes.advance();
  const stopped = changes.stop(last.id);
  await setImmediate();
  release();
  await Promise.all([advanced, stopped]);
  t.equal(rollouts.find(last.id).state, 'stopped');
  await changes.advance();
  t.match(rollouts.find(last.id), { state: 'stopped', reason: 'stopped by hand' });
});

t.test('a rollout that is stopped at its last step takes no effect', async (t) => {
  const { profiles, rollouts, changes, hold } = createChanges();
  const { id, batches } = await begin(changes, 'fleet');
  for (let stage = 1; stage < batches.length; stage++) await changes.advance();
  const release = hold();
  const stopped = changes.stop(id);
  const advanced = changes.advance();
  await setImmediate();
  release();
  await Promise.all([stopped, advanced]);
  t.equal(rollouts.find(id).state, 'stopped');
  t.equal(profiles.find('fleet', 1).state, 'refused');
  t.equal(profiles.current('fleet'), undefined);
});

t.test('of two changes of one scope at once one is refused', async (t) => {
  const { rollouts, changes } = createChanges();
  const results = await Promise.allSettled([begin(changes, 'fleet'), begin(changes, 'fleet')]);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  t.equal(rollouts.all().filter(({ state }) => state === 'running').length, 1);
});
