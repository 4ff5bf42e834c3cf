import { Templates } from '../../../pipeline/agent/fluent-bit/templates.ts';
import { verifyConfig } from '../../../pipeline/agent/fluent-bit/verify-config.ts';
import type { ClockSkews } from '../../../pipeline/ingest/clock-skews.ts';
import type { FileLedger } from '../../../pipeline/ingest/joining/file-ledger.ts';
import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { ResourcePool } from '../../../pipeline/store/resource-pool.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import { StoredPresence } from './agent-presence.ts';
import { addAgentRoutes } from './agent-routes.ts';
import { Fleet, scopeOfMachine } from './fleet.ts';
import { MachineConfigs } from './machine-config.ts';
import { ProfileChanges } from './profile-changes.ts';
import { addProfileRoutes } from './profile-routes.ts';
import { ProfileStore } from './profile-store.ts';
import { RolloutStore } from './rollout-store.ts';
import type { FleetSettings } from './settings.ts';
import { addTemplateRoutes, type TemplateRoutesOptions } from './template-routes.ts';

const REFRESH_MILLISECONDS = 2_000;
/** Trials that may run and wait; each takes a second and a Fluent Bit of its own. */
const TRIALS = 2;
const WAITING_TRIALS = 20;
const STATES = ['healthy', 'lagging', 'silent', 'wrong_config', 'down', 'disabled'] as const;

interface FleetParts {
  readonly clickhouse: ClickHouse;
  readonly ledger: FileLedger;
  readonly clockSkews: ClockSkews;
  readonly log: ConsoleLog;
}

/** Creates the fleet and loads its documents. */
export async function createFleet(
  config: FleetSettings,
  { clickhouse, ledger, clockSkews, log }: FleetParts,
): Promise<Feature> {
  const templates = new Templates(config.TEMPLATES_DIR);
  const profiles = new ProfileStore(clickhouse);
  const presence = new StoredPresence({
    clickhouse,
    isKnown: (machineId) => profiles.current(scopeOfMachine(machineId)) !== undefined,
  });
  const rollouts = new RolloutStore(clickhouse);
  const trials = new ResourcePool(
    'trials of configurations',
    new Array<true>(TRIALS).fill(true),
    WAITING_TRIALS,
  );
  const verify: TemplateRoutesOptions['verifyConfig'] = async (files) => {
    const trial = await trials.take();
    try {
      return await verifyConfig(files, config.FLUENT_BIT);
    } finally {
      trials.release(trial);
    }
  };
  const fleet = new Fleet({
    presence,
    profiles,
    rollouts,
    configs: new MachineConfigs(templates),
    clockSkewOf: (machineId) => clockSkews.of(machineId),
  });
  const profileChanges = new ProfileChanges({ fleet, profiles, rollouts, verify });

  const refresh = async () => {
    await presence.refresh();
    await profiles.refresh();
    await rollouts.refresh();
  };
  await refresh();

  let failed = false;
  const loop = new PeriodicLoop({
    async run() {
      await refresh();
      await profileChanges.advance();
      failed = false;
    },
    waitMs: REFRESH_MILLISECONDS,
    waitsFirst: true,
    onError(error) {
      if (!failed) log.warn(`fleet: ${(error as Error).message}`);
      failed = true;
    },
  });

  return {
    addRoutes(api) {
      const family = api.family(
        'Fleet',
        'Agents on the machines, their profiles and the configurations made of them.',
      );
      addAgentRoutes(family, { fleet, profiles, profileChanges, ledger });
      addProfileRoutes(family, { fleet, profiles, rollouts, profileChanges });
      addTemplateRoutes(family, { templates, verifyConfig: verify });
    },
    metrics: {
      logplane_agents: {
        help: 'Machines by state',
        labels: ['state'],
        read: () => {
          const agents = fleet.list();
          return STATES.map((state) => ({
            state,
            value: agents.filter((agent) => agent.state === state).length,
          }));
        },
      },
      logplane_agents_unlisted: {
        help: 'Machines that report and are not listed, because the table of machines is full; at most 200 are counted',
        read: () => presence.unlisted,
      },
    },
    impaired: () => ({
      ...(failed && { fleet: 'profiles and agents are not refreshed from the store' }),
      ...(presence.unlisted > 0 && {
        agents:
          'the table of machines is full, and machines that report are not listed; delete machines that are gone',
      }),
    }),
    start: () => loop.start(),
    async stop() {
      await loop.stop();
      // Stores the reports of the last seconds.
      await presence.refresh();
    },
  };
}
