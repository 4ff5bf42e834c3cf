import { z } from 'zod';
import { EMPTY_PROFILE, PROFILE } from '../../../pipeline/agent/fluent-bit/profile.ts';
import type { RouteFamily } from '../../http/api.ts';
import { ownAddress } from '../../http/own-address.ts';
import { describe, ExpectedError, optionalText, parameter, wholeNumber } from '../../http/parameters.ts';
import { HEARTBEAT } from './agent-report.ts';
import { type Fleet, scopeOfMachine } from './fleet.ts';
import type { ProfileChanges } from './profile-changes.ts';
import { describeVersion, refuseSecrets } from './profile-routes.ts';
import type { ProfileStore } from './profile-store.ts';
import { AGENT, FILES, PROBLEM, VERSION } from './schema.ts';

export interface AgentRoutesOptions {
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly profileChanges: ProfileChanges;
}

const MACHINE = parameter({ type: 'string', minLength: 1, maxLength: 256 }, (given = '') => {
  if (!/^\P{Cc}{1,256}$/u.test(given) || given.includes('${'))
    throw new ExpectedError('1 to 256 characters without control characters and ${');
  return given;
});

export function addAgentRoutes(
  api: RouteFamily,
  { fleet, profiles, profileChanges }: AgentRoutesOptions,
): void {
  api.get(
    '/api/v1/agents',
    {
      summary: 'Machines that report or have a profile, with their states',
      description: 'By id; a page has 4 MiB at most, and `next_cursor` goes on behind it.',
      right: 'read',
      parameters: {
        limit: describe(wholeNumber(1, 20_000, 20_000), 'How many'),
        cursor: describe(optionalText, 'The `next_cursor` of the page before'),
      },
      answer: z.object({
        agents: z.array(AGENT),
        agents_left_out: z.int().describe('Machines behind this page'),
        next_cursor: z.string().nullable().describe('Null on the last page'),
      }),
    },
    (_context, { limit, cursor = '' }) => {
      const { agents, leftOut } = fleet.page(cursor, limit);
      const next_cursor = leftOut === 0 ? null : agents.at(-1)!.machine_id;
      return { agents, agents_left_out: leftOut, next_cursor };
    },
  );

  api.get(
    '/api/v1/agents/:machine_id',
    {
      summary: 'One machine, with the profile that all scopes together give it',
      right: 'read',
      parameters: { machine_id: MACHINE },
      answer: AGENT.extend({ profile: PROFILE, problems: z.array(PROBLEM) }),
      errors: ['not_found'],
    },
    (context, { machine_id }) => {
      const agent = fleet.agent(machine_id);
      const { merged, problems } = fleet.config(machine_id, ownAddress(context));
      return { ...agent, profile: merged, problems };
    },
  );

  api.delete(
    '/api/v1/agents/:machine_id',
    {
      summary: 'Forgets what a machine reported; its profile stays',
      right: 'change',
      parameters: { machine_id: MACHINE },
      answer: z.object({ machine_id: z.string(), deleted: z.boolean() }),
      errors: ['not_found'],
    },
    async (_context, { machine_id }) => {
      await fleet.forget(machine_id);
      return { machine_id, deleted: true };
    },
  );

  api.get(
    '/api/v1/agents/:machine_id/config',
    {
      summary: 'The configuration that a machine is to run',
      right: 'configuration',
      parameters: { machine_id: MACHINE },
      headers: {
        'If-None-Match': 'The ETag of an earlier answer: 304 where nothing has changed',
        Accept: '`text/plain` for the main file alone',
      },
      gives: {
        'application/json': z.object({ config_hash: z.string(), config: z.string(), files: FILES }),
        'text/plain': z.string(),
      },
      errors: ['not_found', 'bad_request'],
    },
    (context, { machine_id }) => {
      const { config, files, hash } = fleet.knownConfig(machine_id, ownAddress(context));
      const main = context.accepts('json', 'text') === 'text';
      const etag = main ? `"${hash}-text"` : `"${hash}"`;
      context.set('ETag', etag);
      context.set('Cache-Control', 'no-cache');
      context.set('Vary', 'Accept');
      // Not Koa's own check, which answers in full where a client says no-cache, as fetch does whenever it sends this header.
      if (context.get('If-None-Match').split(/,\s*/).includes(etag)) context.status = 304;
      else context.body = main ? config : { config_hash: hash, config, files };
    },
  );

  api.get(
    '/api/v1/agents/:machine_id/profile',
    {
      summary: "A machine's own profile, and what all scopes together make of it",
      right: 'read',
      parameters: { machine_id: MACHINE },
      answer: VERSION.partial().extend({ machine_id: z.string(), merged: PROFILE }),
    },
    (context, { machine_id }) => {
      const scope = scopeOfMachine(machine_id);
      const { merged } = fleet.config(machine_id, ownAddress(context));
      const version = profiles.current(scope);
      const own = version ? describeVersion(version) : { scope, version: 0, profile: EMPTY_PROFILE };
      return { machine_id, ...own, merged };
    },
  );

  api.put(
    '/api/v1/agents/:machine_id/profile',
    {
      summary: "Changes a machine's own profile",
      description: 'Refused with every problem where the machine could not run it.',
      right: 'change',
      parameters: { machine_id: MACHINE, note: describe(optionalText, 'Why, for the list of versions') },
      body: PROFILE,
      answer: VERSION.extend({ machine_id: z.string(), config_hash: z.string() }),
      errors: ['overloaded'],
    },
    async (context, { machine_id, note = '' }, profile) => {
      refuseSecrets(profile);
      const { version } = await profileChanges.change(scopeOfMachine(machine_id), profile, {
        staged: false,
        canaries: 1,
        settleSeconds: 0,
        note,
        server: ownAddress(context),
      });
      const { hash } = fleet.config(machine_id, ownAddress(context));
      return { machine_id, ...describeVersion(version), config_hash: hash };
    },
  );

  api.post(
    '/api/v1/agents/:machine_id/heartbeat',
    {
      summary: 'What an agent reports, every 10 s',
      right: 'ingest',
      parameters: { machine_id: MACHINE },
      body: HEARTBEAT,
      answer: z.object({
        config_hash: z.string().describe('Of the configuration that the machine should run'),
        watch_line_rate: z.boolean(),
      }),
      errors: ['too_many'],
    },
    (context, { machine_id }, heartbeat) => {
      const { hash, merged } = fleet.heartbeat(machine_id, heartbeat, ownAddress(context));
      return {
        config_hash: hash,
        watch_line_rate: String(merged.variables.WATCH_LINE_RATE ?? true) === 'true',
      };
    },
  );
}
