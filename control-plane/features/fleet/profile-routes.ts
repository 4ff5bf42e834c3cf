import type { Context } from 'koa';
import { z } from 'zod';
import type { Profile } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { SECRETS } from '../../../pipeline/agent/fluent-bit/verify-config.ts';
import { isMachineId, MACHINE_ID_FORM } from '../../../pipeline/agent/machine-id.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import { ownAddress } from '../../http/own-address.ts';
import {
  describe,
  ExpectedError,
  flag,
  optionalText,
  type ParameterValues,
  parameter,
  requiredText,
  wholeNumber,
} from '../../http/parameters.ts';
import { diffLines } from './diff-lines.ts';
import type { Fleet } from './fleet.ts';
import { type Change, type ChangeOptions, configsOf, type ProfileChanges } from './profile-changes.ts';
import type { ProfileStore, ProfileVersion } from './profile-store.ts';
import type { Rollout } from './rollout.ts';
import type { RolloutStore } from './rollout-store.ts';
import { ROLLOUT, UNRENDERED, VERSION } from './schema.ts';

export interface ProfileRoutesOptions {
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly rollouts: RolloutStore;
  readonly profileChanges: ProfileChanges;
}

const SCOPE = describe(
  parameter({ type: 'string' }, (given = '') => {
    const machine = /^machine:(.*)$/s.exec(given)?.[1];
    if (machine === undefined && !/^(fleet|group:[a-z0-9][a-z0-9-]{0,40})$/.test(given))
      throw new ExpectedError('fleet, group:NAME or machine:ID');
    if (machine !== undefined && !isMachineId(machine))
      throw new ExpectedError(`machine:ID with an id of ${MACHINE_ID_FORM}`);
    return given;
  }),
  '`fleet`, `group:NAME` or `machine:ID`',
  'group:inference',
);
const CHANGE = {
  staged: describe(flag(true), 'False brings the change to all machines at once'),
  canaries: describe(wholeNumber(1, 1000, 1), 'The number of machines that get the change first'),
  settle: describe(
    wholeNumber(0, 86_400, 30),
    'Seconds that a batch must be healthy before the next one gets the change',
  ),
  note: describe(optionalText, 'Why, for the list of versions', 'collect vLLM logs'),
};
const CHANGED = VERSION.extend({
  rollout: ROLLOUT.nullable().describe('Null where the change is in force already'),
  unrendered: UNRENDERED,
});
const SUMMARY = z.object({
  scope: VERSION.shape.scope,
  version: z.int().meta({ description: 'The version in force; 0 for none', examples: [4] }),
  machines: z.int().meta({ description: 'The number of machines that it applies to', examples: [3] }),
  rollout: z
    .string()
    .nullable()
    .meta({ description: 'The id of the rollout that is running', examples: ['3e7d'] }),
});
const MAX_UNRENDERED_SHOWN = 100;
const ROLLOUT_ID = describe(requiredText, 'The id of the rollout', '3e7d');
const anyVersion = wholeNumber(1, 1_000_000, undefined);
const anyOrNone = wholeNumber(0, 1_000_000, undefined);

export function addProfileRoutes(
  api: RouteFamily,
  { fleet, profiles, rollouts, profileChanges }: ProfileRoutesOptions,
): void {
  api.get(
    '/api/v1/profiles',
    {
      operationId: 'listProfiles',
      summary: 'List profiles',
      description: 'Returns the scopes that have a profile: the fleet, groups and single machines.',
      permission: 'read',
      response: z.object({ profiles: z.array(SUMMARY) }),
    },
    () => ({
      profiles: profiles.scopes().map((scope) => ({
        scope,
        version: profiles.current(scope)?.version ?? 0,
        machines: fleet.machinesOf(scope).length,
        rollout: rollouts.running(scope)?.id ?? null,
      })),
    }),
  );

  api.get(
    '/api/v1/profiles/:scope',
    {
      operationId: 'getProfile',
      summary: 'Get a profile with its versions',
      description: 'Returns one version of a profile and the list of all versions.',
      permission: 'read',
      parameters: {
        scope: SCOPE,
        version: describe(anyVersion, 'The version to return; the one in force by default', 4),
      },
      response: VERSION.partial().extend({
        profile: VERSION.shape.profile.nullable(),
        versions: z.array(VERSION.omit({ profile: true, scope: true })).describe('The newest first'),
      }),
      errors: ['not_found'],
    },
    (_context, { scope, version }) => {
      const shown = version === undefined ? profiles.current(scope) : profiles.find(scope, version);
      const versions = profiles.versions(scope).map((each) => {
        const { profile: _, scope: __, ...rest } = describeVersion(each);
        return rest;
      });
      return { ...(shown ? describeVersion(shown) : { scope, version: 0, profile: null }), versions };
    },
  );

  api.put(
    '/api/v1/profiles/:scope',
    {
      operationId: 'putProfile',
      summary: 'Change a profile',
      description:
        'Replaces a profile; a change that could not run is rejected with every problem, and `unrendered` names machines whose own ' +
        'variables prevent it. A change of several machines is rolled out in batches of those that have run a configuration of this ' +
        'server, and stops where one fails. Others get it at the end.',
      permission: 'change',
      parameters: { scope: SCOPE, ...CHANGE },
      requestBody: VERSION.shape.profile,
      response: CHANGED,
      errors: ['unavailable'],
    },
    async (context, { scope, ...how }, profile) => {
      refuseSecrets(profile);
      return describeChange(await profileChanges.change(scope, profile, changeOptions(context, how)));
    },
  );

  api.post(
    '/api/v1/profiles/:scope/rollback',
    {
      operationId: 'rollBackProfile',
      summary: 'Roll back a profile',
      description: 'Makes an older version of a profile the newest one and rolls it out as any change.',
      permission: 'change',
      parameters: { scope: SCOPE, version: describe(anyVersion, 'The version to go back to', 3), ...CHANGE },
      response: CHANGED,
      errors: ['not_found', 'unavailable'],
    },
    async (context, { scope, version, ...how }) => {
      if (version === undefined) throw badRequest('version: expected the version to go back to, got none');
      return describeChange(await profileChanges.rollback(scope, version, changeOptions(context, how)));
    },
  );

  api.get(
    '/api/v1/profiles/:scope/diff',
    {
      operationId: 'diffProfile',
      summary: 'Compare two versions of a profile',
      description:
        'Returns the lines that differ between the configurations that two versions give a machine.',
      permission: 'read',
      parameters: {
        scope: SCOPE,
        from: describe(
          anyOrNone,
          'The older version, 0 for no profile; by default the one before the newest',
          3,
        ),
        to: describe(anyOrNone, 'The newer version; by default the newest', 4),
      },
      response: z.object({
        scope: VERSION.shape.scope,
        from: z.int().meta({ examples: [3] }),
        to: z.int().meta({ examples: [4] }),
        changed: z.boolean().meta({ examples: [true] }),
        lines: z
          .array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() }))
          .meta({ examples: [[{ kind: 'added', text: '    Path /var/log/vllm/*.log' }]] }),
      }),
      errors: ['not_found'],
    },
    (_context, { scope, ...given }) => {
      const newest = profiles.versions(scope)[0]?.version ?? 0;
      const { from = Math.max(0, newest - 1), to = newest } = given;
      const profileOf = (version: number) =>
        version === 0 ? undefined : profiles.find(scope, version).profile;
      const [before, after] = configsOf(fleet, scope, [profileOf(from), profileOf(to)]);
      const lines = diffLines(before!, after!);
      return { scope, from, to, lines, changed: lines.some(({ kind }) => kind !== 'same') };
    },
  );

  api.get(
    '/api/v1/rollouts',
    {
      operationId: 'listRollouts',
      summary: 'List rollouts',
      description: 'Returns the changes of profiles that were rolled out in batches, the newest first.',
      permission: 'read',
      response: z.object({ rollouts: z.array(ROLLOUT) }),
    },
    () => ({ rollouts: rollouts.all().slice(0, 100).map(describeRollout) }),
  );

  api.get(
    '/api/v1/rollouts/:id',
    {
      operationId: 'getRollout',
      summary: 'Get a rollout',
      description: 'Returns a rollout with its batches of machines and how far it is.',
      permission: 'read',
      parameters: { id: ROLLOUT_ID },
      response: ROLLOUT,
      errors: ['not_found'],
    },
    (_context, { id }) => describeRollout(rollouts.find(id)),
  );

  api.post(
    '/api/v1/rollouts/:id/stop',
    {
      operationId: 'stopRollout',
      summary: 'Stop a rollout',
      description: 'Stops a rollout. Machines that have the change go back to the version before.',
      permission: 'change',
      parameters: { id: ROLLOUT_ID },
      response: ROLLOUT,
      errors: ['not_found'],
    },
    async (_context, { id }) => describeRollout(await profileChanges.stop(id)),
  );
}

/** @throws LogplaneError `bad_request` */
export function refuseSecrets({ variables }: Profile): void {
  const secret = Object.keys(variables).find((name) => SECRETS.includes(name));
  if (secret)
    throw badRequest(`${secret}: a profile cannot hold secrets; set it in the environment of the agent`);
}

export function describeVersion({ created, ...version }: ProfileVersion) {
  return { ...version, created_at: new Date(created).toISOString() };
}

function changeOptions(context: Context, how: ParameterValues<typeof CHANGE>): ChangeOptions {
  const { staged, canaries, settle, note = '' } = how;
  return { staged, canaries, settleSeconds: settle, note, server: ownAddress(context) };
}

function describeChange({ version, rollout, unrendered }: Change) {
  return {
    ...describeVersion(version),
    rollout: rollout ? describeRollout(rollout) : null,
    unrendered: describeUnrendered(unrendered),
  };
}

export function describeUnrendered(machines: Change['unrendered']) {
  return { count: machines.length, machines: machines.slice(0, MAX_UNRENDERED_SHOWN) };
}

function describeRollout({ started, stage_started, ...rollout }: Rollout) {
  return {
    ...rollout,
    started_at: new Date(started).toISOString(),
    stage_started_at: new Date(stage_started).toISOString(),
  };
}
