import { z } from 'zod';
import { EMPTY_PROFILE, PROFILE } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { isMachineId, MACHINE_ID_FORM } from '../../../pipeline/agent/machine-id.ts';
import type { FileLedger, FilesReport } from '../../../pipeline/ingest/joining/file-ledger.ts';
import type { RouteFamily } from '../../http/api.ts';
import { ownAddress } from '../../http/own-address.ts';
import { describe, ExpectedError, optionalText, parameter, wholeNumber } from '../../http/parameters.ts';
import { FILES_REPORT, HEARTBEAT, type Heartbeat } from './agent-report.ts';
import { type Fleet, scopeOfMachine } from './fleet.ts';
import type { ProfileChanges } from './profile-changes.ts';
import { describeUnrendered, describeVersion, refuseSecrets } from './profile-routes.ts';
import type { ProfileStore } from './profile-store.ts';
import { AGENT, AGENT_EXAMPLE, FILES, PROBLEM, PROFILE_EXAMPLE, UNRENDERED, VERSION } from './schema.ts';

export interface AgentRoutesOptions {
  readonly fleet: Fleet;
  readonly profiles: ProfileStore;
  readonly profileChanges: ProfileChanges;
  readonly ledger: FileLedger;
}

function filesReport(
  files: FilesReport['files'],
  truncated: FilesReport['truncated'] = [],
  { uptime_s, dropped_records = 0, skipped_lines = 0 }: Heartbeat,
): FilesReport {
  const counts = { 'full disk': dropped_records, 'skipped line': skipped_lines };
  const startedAt = uptime_s === undefined ? undefined : Date.now() - uptime_s * 1000;
  return { files, truncated, counts, startedAt };
}

const MACHINE = describe(
  parameter({ type: 'string', minLength: 1, maxLength: 256 }, (given = '') => {
    if (!isMachineId(given)) throw new ExpectedError(MACHINE_ID_FORM);
    return given;
  }),
  'The id of the machine',
  'gpu-07',
);

const MACHINE_ID = z.string().meta({ examples: ['gpu-07'] });
const HASH = z
  .string()
  .meta({ description: 'Of the configuration that the machine should run', examples: ['5f2a91c0'] });
const CONFIG = z
  .string()
  .meta({ description: 'The content of the main file', examples: ['[SERVICE]\n    Flush 1\n'] });

export function addAgentRoutes(
  api: RouteFamily,
  { fleet, profiles, profileChanges, ledger }: AgentRoutesOptions,
): void {
  api.get(
    '/api/v1/agents',
    {
      operationId: 'listAgents',
      summary: 'List agents',
      description:
        'Returns the machines that report or have a profile, by id, with their states. A page is limited to 4 MiB; send ' +
        '`next_cursor` as `cursor` to get the next page.',
      permission: 'read',
      parameters: {
        limit: describe(wholeNumber(1, 20_000, 20_000), 'The most machines of a page'),
        cursor: describe(optionalText, 'The `next_cursor` of the page before', 'gpu-07'),
      },
      response: z.object({
        agents: z.array(AGENT),
        agents_left_out: z.int().meta({ description: 'Machines after this page', examples: [0] }),
        next_cursor: z
          .string()
          .nullable()
          .meta({ description: 'Null on the last page', examples: [null] }),
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
      operationId: 'getAgent',
      summary: 'Get an agent',
      description:
        'Returns what a machine reported, its profile merged from all scopes, and the problems of its configuration.',
      permission: 'read',
      parameters: { machine_id: MACHINE },
      response: AGENT.extend({ profile: PROFILE, problems: z.array(PROBLEM) }).meta({
        examples: [{ ...AGENT_EXAMPLE, profile: PROFILE_EXAMPLE, problems: [] }],
      }),
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
      operationId: 'deleteAgent',
      summary: 'Delete the report of an agent',
      description:
        'Deletes what a machine reported. Its profile stays, and it is listed again with its next heartbeat.',
      permission: 'change',
      parameters: { machine_id: MACHINE },
      response: z.object({ machine_id: MACHINE_ID, deleted: z.boolean().meta({ examples: [true] }) }),
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
      operationId: 'getAgentConfig',
      summary: 'Get the configuration of an agent',
      description:
        'Returns the Fluent Bit configuration that the machine should run. Agents poll it with `If-None-Match`.',
      permission: 'configuration',
      parameters: { machine_id: MACHINE },
      headers: {
        'X-Config-Hash': {
          description:
            'The `config_hash` of the answer to a heartbeat: that configuration where it is still known',
          example: '5f2a91c0',
        },
        'If-None-Match': {
          description: 'The `ETag` of an earlier response: 304 where nothing has changed',
          example: '"5f2a91c0"',
        },
      },
      responseMedia: {
        'application/json': z.object({ config_hash: HASH, config: CONFIG, files: FILES }),
        'text/plain': CONFIG,
      },
      otherResponses: { 304: { description: 'The configuration has not changed' } },
      errors: ['not_found', 'bad_request'],
    },
    (context, { machine_id }) => {
      const { config, files, hash } = fleet.knownConfig(
        machine_id,
        ownAddress(context),
        context.get('X-Config-Hash'),
      );
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
      operationId: 'getAgentProfile',
      summary: 'Get the profile of an agent',
      description:
        'Returns the profile of the machine itself and, in `merged`, the profile merged from all scopes.',
      permission: 'read',
      parameters: { machine_id: MACHINE },
      response: VERSION.partial().extend({ machine_id: MACHINE_ID, merged: VERSION.shape.profile }),
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
      operationId: 'putAgentProfile',
      summary: 'Change the profile of an agent',
      description:
        'Replaces the profile of the machine itself. A profile that the machine could not run is rejected with every problem.',
      permission: 'change',
      parameters: {
        machine_id: MACHINE,
        note: describe(optionalText, 'Why, for the list of versions', 'collect vLLM logs'),
      },
      requestBody: VERSION.shape.profile,
      response: VERSION.extend({ machine_id: MACHINE_ID, config_hash: HASH, unrendered: UNRENDERED }),
      errors: ['unavailable'],
    },
    async (context, { machine_id, note = '' }, profile) => {
      refuseSecrets(profile);
      const { version, unrendered } = await profileChanges.change(scopeOfMachine(machine_id), profile, {
        staged: false,
        canaries: 1,
        settleSeconds: 0,
        note,
        server: ownAddress(context),
      });
      const { hash } = fleet.config(machine_id, ownAddress(context));
      return {
        machine_id,
        ...describeVersion(version),
        config_hash: hash,
        unrendered: describeUnrendered(unrendered),
      };
    },
  );

  api.post(
    '/api/v1/agents/:machine_id/heartbeat',
    {
      operationId: 'sendHeartbeat',
      summary: 'Report the state of an agent',
      description:
        'Agents send their state every 10 s. The response says which configuration the machine should run.',
      permission: 'ingest',
      parameters: { machine_id: MACHINE },
      requestBody: HEARTBEAT.extend(FILES_REPORT.shape).meta({
        examples: [{ version: '3.2.2', config_hash: '5f2a91c0', uptime_s: 86_400, status: 'running' }],
      }),
      response: z.object({
        config_hash: HASH,
        watch_line_rate: z
          .boolean()
          .describe(
            'True where the agent returns to its last configuration when a new one collects hardly anything',
          ),
      }),
    },
    (context, { machine_id }, { files, truncated, ...heartbeat }) => {
      if (files) ledger.addReport(machine_id, filesReport(files, truncated, heartbeat), Date.now());
      const { hash, merged } = fleet.heartbeat(machine_id, heartbeat, {
        server: ownAddress(context),
        address: context.ip,
      });
      return {
        config_hash: hash,
        watch_line_rate: String(merged.variables.WATCH_LINE_RATE ?? true) === 'true',
      };
    },
  );
}
