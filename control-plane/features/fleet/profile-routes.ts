import type { Context } from 'koa';
import { z } from 'zod';
import { PROFILE, type Profile } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { SECRETS } from '../../../pipeline/agent/fluent-bit/verify-config.ts';
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
import { ROLLOUT, VERSION } from './schema.ts';

export interface ProfileRoutesOptions {
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly rollouts: RolloutStore;
  readonly profileChanges: ProfileChanges;
}

const SCOPE = describe(
  parameter({ type: 'string' }, (given = '') => {
    if (!/^(fleet|group:[a-z0-9][a-z0-9-]{0,40}|machine:\P{Cc}{1,256})$/u.test(given))
      throw new ExpectedError('fleet, group:NAME or machine:ID');
    return given;
  }),
  '`fleet`, `group:NAME` or `machine:ID`',
);
const CHANGE = {
  staged: describe(flag(true), 'False brings a change to all machines at once'),
  canaries: describe(wholeNumber(1, 1000, 1), 'Machines that get it first'),
  settle: describe(wholeNumber(0, 86_400, 30), 'Seconds that a batch has to be well before the next one'),
  note: describe(optionalText, 'Why, for the list of versions'),
};
const CHANGED = VERSION.extend({ rollout: ROLLOUT.nullable().describe('null where it is in force already') });
const SUMMARY = z.object({
  scope: z.string(),
  version: z.int().describe('In force; 0 for none'),
  machines: z.int(),
  rollout: z.string().nullable().describe('The id of the one that is under way'),
});
const anyVersion = wholeNumber(1, 1_000_000, undefined);
const anyOrNone = wholeNumber(0, 1_000_000, undefined);

export function addProfileRoutes(
  api: RouteFamily,
  { fleet, profiles, rollouts, profileChanges }: ProfileRoutesOptions,
): void {
  api.get(
    '/api/v1/profiles',
    {
      summary: 'Scopes that have a profile',
      right: 'read',
      answer: z.object({ profiles: z.array(SUMMARY) }),
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
      summary: 'A profile with its versions',
      right: 'read',
      parameters: { scope: SCOPE, version: describe(anyVersion, 'The one in force where none is given') },
      answer: VERSION.partial().extend({
        profile: PROFILE.nullable(),
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
      summary: 'Changes a profile',
      description:
        'Refused with every problem where a machine could not run it. A change of several machines goes out in batches, and ' +
        'stops where one fails.',
      right: 'change',
      parameters: { scope: SCOPE, ...CHANGE },
      body: PROFILE,
      answer: CHANGED,
      errors: ['overloaded'],
    },
    async (context, { scope, ...how }, profile) => {
      refuseSecrets(profile);
      return describeChange(await profileChanges.change(scope, profile, changeOptions(context, how)));
    },
  );

  api.post(
    '/api/v1/profiles/:scope/rollback',
    {
      summary: 'Makes an older version the newest one',
      right: 'change',
      parameters: { scope: SCOPE, version: describe(anyVersion, 'To go back to'), ...CHANGE },
      answer: CHANGED,
      errors: ['not_found', 'overloaded'],
    },
    async (context, { scope, version, ...how }) => {
      if (version === undefined) throw badRequest('version: expected the version to go back to, got none');
      return describeChange(await profileChanges.rollback(scope, version, changeOptions(context, how)));
    },
  );

  api.get(
    '/api/v1/profiles/:scope/diff',
    {
      summary: 'What differs between two versions, as the configuration of a machine shows it',
      right: 'read',
      parameters: {
        scope: SCOPE,
        from: describe(anyOrNone, '0 is no profile; the one before the newest where none is given'),
        to: describe(anyOrNone, 'The newest where none is given'),
      },
      answer: z.object({
        scope: z.string(),
        from: z.int(),
        to: z.int(),
        changed: z.boolean(),
        lines: z.array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() })),
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
      summary: 'Changes on their way, the newest first',
      right: 'read',
      answer: z.object({ rollouts: z.array(ROLLOUT) }),
    },
    () => ({ rollouts: rollouts.all().slice(0, 100).map(describeRollout) }),
  );

  api.get(
    '/api/v1/rollouts/:id',
    {
      summary: 'One of them',
      right: 'read',
      parameters: { id: requiredText },
      answer: ROLLOUT,
      errors: ['not_found'],
    },
    (_context, { id }) => describeRollout(rollouts.find(id)),
  );

  api.post(
    '/api/v1/rollouts/:id/stop',
    {
      summary: 'Ends one by hand; the machines that have the change go back',
      right: 'change',
      parameters: { id: requiredText },
      answer: ROLLOUT,
      errors: ['not_found'],
    },
    async (_context, { id }) => describeRollout(await profileChanges.stop(id)),
  );
}

/** @throws LogplaneError `bad_request` */
export function refuseSecrets({ variables }: Profile): void {
  const secret = Object.keys(variables).find((name) => SECRETS.includes(name));
  if (secret)
    throw badRequest(`${secret}: secrets belong into the environment of the agent, not into a profile`);
}

export function describeVersion({ created, ...version }: ProfileVersion) {
  return { ...version, created_at: new Date(created).toISOString() };
}

function changeOptions(context: Context, how: ParameterValues<typeof CHANGE>): ChangeOptions {
  const { staged, canaries, settle, note = '' } = how;
  return { staged, canaries, settleSeconds: settle, note, server: ownAddress(context) };
}

function describeChange({ version, rollout }: Change) {
  return { ...describeVersion(version), rollout: rollout ? describeRollout(rollout) : null };
}

function describeRollout({ started, stage_started, ...rollout }: Rollout) {
  return {
    ...rollout,
    started_at: new Date(started).toISOString(),
    stage_started_at: new Date(stage_started).toISOString(),
  };
}
