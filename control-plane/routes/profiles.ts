import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest } from '../../pipeline/errors.ts';
import { type Profile, readProfile } from '../../pipeline/fluent-bit/profile.ts';
import { SECRETS } from '../../pipeline/fluent-bit/verify-config.ts';
import { diffLines } from '../fleet/diff-lines.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { type ChangeOptions, configsOf, type ProfileChanges } from '../fleet/profile-changes.ts';
import type { ProfileStore, ProfileVersion } from '../fleet/profile-store.ts';
import type { Rollout } from '../fleet/rollout.ts';
import type { RolloutStore } from '../fleet/rollout-store.ts';
import type { Auth } from '../http/auth.ts';
import { flag, optionalText, readParameters, wholeNumber } from '../http/parameters.ts';
import type { ReadBodyOptions } from '../http/read-body.ts';
import { readJson } from '../http/read-json.ts';

export interface ProfileRoutesOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly rollouts: RolloutStore;
  readonly profileChanges: ProfileChanges;
}

export function addProfileRoutes(
  router: Router,
  { auth, body, fleet, profiles, rollouts, profileChanges }: ProfileRoutesOptions,
): void {
  router.get('/api/v1/profiles', auth.require('read'), (context) => {
    context.body = {
      profiles: profiles.scopes().map((scope) => ({
        scope,
        version: profiles.current(scope)?.version ?? 0,
        machines: fleet.machinesOf(scope).length,
        rollout: rollouts.running(scope)?.id ?? null,
      })),
    };
  });

  router.get('/api/v1/profiles/:scope', auth.require('read'), (context) => {
    const scope = scopeOf(context);
    const { version } = readParameters(context, { version: wholeNumber(1, 1_000_000, undefined) });
    const versions = profiles.versions(scope);
    const shown = version === undefined ? profiles.current(scope) : profiles.find(scope, version);
    context.body = {
      ...(shown ? describeVersion(shown) : { scope, version: 0, profile: null }),
      versions: versions.map((each) => {
        const { profile: _, scope: __, ...rest } = describeVersion(each);
        return rest;
      }),
    };
  });

  /** A change of `fleet` or of a group goes out in batches, unless `staged=false`. */
  router.put('/api/v1/profiles/:scope', auth.require('change'), async (context) => {
    const scope = scopeOf(context);
    const profile = await readProfileBody(context, body);
    const { version, rollout } = await profileChanges.change(scope, profile, changeOptions(context));
    context.body = { ...describeVersion(version), rollout: rollout ? describeRollout(rollout) : null };
  });

  router.post('/api/v1/profiles/:scope/rollback', auth.require('change'), async (context) => {
    const scope = scopeOf(context);
    const { version: wanted } = readParameters(context, { version: wholeNumber(1, 1_000_000, undefined) });
    if (wanted === undefined) throw badRequest('version: expected the version to go back to, got none');
    const { version, rollout } = await profileChanges.rollback(scope, wanted, changeOptions(context));
    context.body = { ...describeVersion(version), rollout: rollout ? describeRollout(rollout) : null };
  });

  /** What differs between two versions, as the configuration of a machine shows it. */
  router.get('/api/v1/profiles/:scope/diff', auth.require('read'), (context) => {
    const scope = scopeOf(context);
    const newest = profiles.versions(scope)[0]?.version ?? 0;
    const { from, to } = readParameters(context, {
      from: wholeNumber(0, 1_000_000, Math.max(0, newest - 1)),
      to: wholeNumber(0, 1_000_000, newest),
    });
    const profileOf = (version: number) =>
      version === 0 ? undefined : profiles.find(scope, version).profile;
    const [before, after] = configsOf(fleet, scope, [profileOf(from), profileOf(to)]);
    const lines = diffLines(before!, after!);
    context.body = {
      scope,
      from,
      to,
      lines,
      changed: lines.some(({ kind }) => kind !== 'same'),
    };
  });

  router.get('/api/v1/rollouts', auth.require('read'), (context) => {
    context.body = { rollouts: rollouts.all().slice(0, 100).map(describeRollout) };
  });

  router.get('/api/v1/rollouts/:id', auth.require('read'), (context) => {
    context.body = describeRollout(rollouts.find(context.params.id as string));
  });

  router.post('/api/v1/rollouts/:id/stop', auth.require('change'), async (context) => {
    context.body = describeRollout(await profileChanges.stop(context.params.id as string));
  });
}

/** @throws LogplaneError `bad_request`, naming every setting with what it takes */
export async function readProfileBody(context: Context, body: ReadBodyOptions): Promise<Profile> {
  const { profile, problems } = readProfile(await readJson(context, body));
  if (problems.length > 0) throw badRequest(problems.map(({ message }) => message).join('; '));
  const secret = Object.keys(profile.variables).find((name) => SECRETS.includes(name));
  if (secret)
    throw badRequest(`${secret}: secrets belong into the environment of the agent, not into a profile`);
  return profile;
}

export function changeOptions(context: Context): ChangeOptions {
  const { staged, canaries, settle, note } = readParameters(context, {
    staged: flag(true),
    canaries: wholeNumber(1, 1000, 1),
    settle: wholeNumber(0, 86_400, 30),
    note: optionalText,
  });
  return { staged, canaries, settleSeconds: settle, note: note ?? '', server: context.origin };
}

export function describeVersion({ created, ...version }: ProfileVersion) {
  return { ...version, created_at: new Date(created).toISOString() };
}

function describeRollout({ started, stage_started, ...rollout }: Rollout) {
  return {
    ...rollout,
    started_at: new Date(started).toISOString(),
    stage_started_at: new Date(stage_started).toISOString(),
  };
}

function scopeOf(context: Context): string {
  const scope = context.params.scope as string;
  if (!/^(fleet|group:[a-z0-9][a-z0-9-]{0,40}|machine:\P{Cc}{1,256})$/u.test(scope)) {
    throw badRequest(`scope: expected fleet, group:NAME or machine:ID, got "${scope}"`);
  }
  return scope;
}
