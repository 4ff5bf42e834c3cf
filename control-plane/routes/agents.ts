import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest } from '../../pipeline/errors.ts';
import { EMPTY_PROFILE } from '../../pipeline/fluent-bit/profile.ts';
import { readHeartbeat } from '../fleet/agent-report.ts';
import { type Fleet, scopeOfMachine } from '../fleet/fleet.ts';
import type { ProfileChanges } from '../fleet/profile-changes.ts';
import type { ProfileStore } from '../fleet/profile-store.ts';
import type { Auth } from '../http/auth.ts';
import type { ReadBodyOptions } from '../http/read-body.ts';
import { readJson } from '../http/read-json.ts';
import { changeOptions, describeVersion, readProfileBody } from './profiles.ts';

export interface AgentRoutesOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly profileChanges: ProfileChanges;
}

export function addAgentRoutes(
  router: Router,
  { auth, body, fleet, profiles, profileChanges }: AgentRoutesOptions,
): void {
  router.get('/api/v1/agents', auth.require('read'), (context) => {
    context.body = { agents: fleet.list() };
  });

  /** One machine, with the profile that all scopes together give it. */
  router.get('/api/v1/agents/:machine_id', auth.require('read'), (context) => {
    const id = machineIdOf(context);
    const agent = fleet.agent(id);
    const { merged, problems } = fleet.config(id, context.origin);
    context.body = { ...agent, profile: merged, problems };
  });

  router.delete('/api/v1/agents/:machine_id', auth.require('change'), async (context) => {
    await fleet.forget(machineIdOf(context));
    context.status = 204;
  });

  /** The files that the machine is to run; the main one as text for `Accept: text/plain`. */
  router.get('/api/v1/agents/:machine_id/config', auth.require('configuration'), (context) => {
    const { config, files, hash } = fleet.knownConfig(machineIdOf(context), context.origin);
    const main = context.accepts('json', 'text') === 'text';
    const etag = main ? `"${hash}-text"` : `"${hash}"`;
    context.set('ETag', etag);
    context.set('Cache-Control', 'no-cache');
    context.set('Vary', 'Accept');
    // Not Koa's own check, which answers in full where a client says no-cache, as fetch does whenever it sends this header.
    if (context.get('If-None-Match').split(/,\s*/).includes(etag)) {
      context.status = 304;
      return;
    }
    context.body = main ? config : { config_hash: hash, config, files };
  });

  router.get('/api/v1/agents/:machine_id/profile', auth.require('read'), (context) => {
    const id = machineIdOf(context);
    const { merged } = fleet.config(id, context.origin);
    const version = profiles.current(scopeOfMachine(id));
    context.body = {
      machine_id: id,
      ...(version
        ? describeVersion(version)
        : { scope: scopeOfMachine(id), version: 0, profile: EMPTY_PROFILE }),
      merged,
    };
  });

  router.put('/api/v1/agents/:machine_id/profile', auth.require('change'), async (context) => {
    const id = machineIdOf(context);
    const profile = await readProfileBody(context, body);
    const options = changeOptions(context);
    const { version } = await profileChanges.change(scopeOfMachine(id), profile, options);
    const { hash } = fleet.config(id, context.origin);
    context.body = { machine_id: id, ...describeVersion(version), config_hash: hash };
  });

  router.post('/api/v1/agents/:machine_id/heartbeat', auth.require('ingest'), async (context) => {
    const id = machineIdOf(context);
    const heartbeat = readHeartbeat(await readJson(context, body));
    const { hash, merged } = fleet.heartbeat(id, heartbeat, context.origin);
    context.body = {
      config_hash: hash,
      watch_line_rate: String(merged.variables.WATCH_LINE_RATE ?? true) === 'true',
    };
  });
}

function machineIdOf(context: Context): string {
  const id = context.params.machine_id as string;
  if (!/^\P{Cc}{1,256}$/u.test(id) || id.includes('${')) {
    throw badRequest('machine_id: expected 1 to 256 characters without control characters and ${');
  }
  return id;
}
