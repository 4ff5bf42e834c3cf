import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { z } from 'zod';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import type { OpenStreams } from '../../http/event-stream.ts';
import { formatEvent, respondWithEvents } from '../../http/event-stream.ts';
import { readJsonBody } from '../../http/json-body.ts';
import { lastEventId } from '../../http/last-event-id.ts';
import { describe, oneOf, requiredText, textList, wholeNumber } from '../../http/parameters.ts';
import type { ReadBodyOptions } from '../../http/read-body.ts';
import { STREAM_HEADERS } from '../../http/record-stream.ts';
import { parseFilter } from '../../query/log-filter.ts';
import { toNanos } from '../../query/parse-time.ts';
import { formatNodeExport, NODE_EXPORTS } from './export-node.ts';
import { DONE_MARK, followNode, type NodeStreamEvent } from './follow-node.ts';
import { followNodes } from './follow-nodes.ts';
import type { Launch } from './launch.ts';
import { fillCommand } from './launch-command.ts';
import { isTerminal } from './launch-phase.ts';
import type { LaunchRunner } from './launch-runner.ts';
import { readDrafts } from './node-entry.ts';
import type { NodeLaunches } from './node-launches.ts';
import type { NodeLog } from './node-log.ts';
import { NODE_SOURCE } from './node-record.ts';
import { FOLLOW, readNodeId, readSince, SELECTION, toNodeFilter } from './parameters.ts';
import { EntryReader, MAX_READ, type NodeFilter, selectEntries } from './read-node.ts';
import { ENTRY, LAUNCH, LAUNCH_REQUEST, NODE_EVENTS, SENT_ENTRIES } from './schema.ts';

export interface NodeRoutesOptions {
  readonly store: LogStore;
  readonly bus: LiveBus;
  readonly openStreams: OpenStreams;
  readonly body: ReadBodyOptions;
  readonly nodeLog: NodeLog;
  readonly launches: NodeLaunches;
  readonly launchRunner: LaunchRunner;
  /** Arguments with placeholders. Undefined: launches are only registered. */
  readonly launchCommand: readonly string[] | undefined;
}

const DEFAULT_MAX_MINUTES = 30;
const MAX_NODES = 10_000;
const MAX_NODES_OF_A_STREAM = 1_000;

const RECORD_ID = /^\d{1,16}$/;
/** Of a record, of an entry in Redis, or of the end of a launch behind one of them. */
const ENTRY_ID = new RegExp(`^(?:\\d{1,16}(?:\\.\\d{1,16})?)?(?:${DONE_MARK})?$`);
const NODE_ID = describe(requiredText, 'The id of the node', 'node-42');

/** Launches of nodes. Every route needs the admin token. */
export function addNodeRoutes(api: RouteFamily, options: NodeRoutesOptions): void {
  const { body, nodeLog, launches, launchRunner, launchCommand, store, bus, openStreams } = options;
  const maxMinutes = openStreams.maxMinutes ?? DEFAULT_MAX_MINUTES;

  api.get(
    '/admin/nodes',
    {
      operationId: 'listNodes',
      summary: 'List launches of nodes',
      description: 'Returns the launches of nodes with their phase and progress, the newest first.',
      permission: 'admin',
      parameters: { limit: describe(wholeNumber(1, MAX_NODES, 1_000), 'The most launches to return') },
      response: z.object({ nodes: z.array(LAUNCH) }),
    },
    async (_context, { limit }) => ({ nodes: (await launches.list(limit)).map(describeLaunch) }),
  );

  api.post(
    '/admin/nodes/launch',
    {
      operationId: 'launchNode',
      summary: 'Launch a node',
      description:
        'Registers a launch and runs `LAUNCH_COMMAND` for it where that is set. Further fields of the body fill the placeholders ' +
        'of the command.',
      permission: 'admin',
      requestBody: LAUNCH_REQUEST,
      response: LAUNCH.extend({
        logs: z
          .string()
          .meta({ description: 'The path of its log', examples: ['/admin/nodes/node-42/logs'] }),
        stream: z
          .string()
          .meta({ description: 'The path of its stream', examples: ['/admin/nodes/node-42/logs/stream'] }),
      }),
      status: 202,
      errors: ['unavailable'],
    },
    async (_context, _parameters, given) => {
      const node_id = readNodeId(given.node_id ?? randomUUID());
      const { name = node_id } = given;
      const command = launchCommand && fillCommand(launchCommand, { ...given, node_id, name });
      const message = `Node launch request queued: ${name}`;
      const launch = await launches.begin(node_id, { message, phase: 'queued', progress: 0, name });
      if (command) launchRunner.start(node_id, command);
      const logs = `/admin/nodes/${encodeURIComponent(node_id)}/logs`;
      return { ...describeLaunch(launch), logs, stream: `${logs}/stream` };
    },
  );

  api.post(
    '/admin/nodes/:id/logs',
    {
      operationId: 'appendNodeLogs',
      summary: 'Send entries of a launch',
      description: 'Appends one entry or several to the log of a node. Any orchestrator may send them.',
      permission: 'admin',
      parameters: { id: NODE_ID },
      requestMedia: { 'application/json': SENT_ENTRIES },
      response: z.object({
        node_id: LAUNCH.shape.node_id,
        accepted: z.int().meta({ description: 'Entries that were stored', examples: [1] }),
        phase: LAUNCH.shape.phase,
        progress: LAUNCH.shape.progress,
      }),
      errors: ['bad_request', 'unavailable'],
    },
    async (context, { id }) => {
      const node_id = readNodeId(id);
      const drafts = readDrafts(await readJsonBody(context, z.unknown(), body));
      const { phase, progress } = await launches.append(node_id, drafts);
      return { node_id, accepted: drafts.length, phase, progress };
    },
  );

  api.get(
    '/admin/nodes/logs/stream',
    {
      operationId: 'streamNodes',
      summary: 'Follow the logs of several nodes',
      description:
        'Streams the entries of several nodes as server-sent events, each with its `node_id`. It ends when the launches of all ' +
        'nodes in `nodes` have ended.',
      permission: 'admin',
      parameters: {
        ...SELECTION,
        ...FOLLOW,
        nodes: describe(textList(MAX_NODES_OF_A_STREAM), 'Ids separated by commas; all nodes by default', [
          'node-42',
        ]),
      },
      headers: STREAM_HEADERS,
      events: NODE_EVENTS,
      errors: ['rate_limited'],
    },
    (context, { nodes, follow, after, tail, since, level, q }) => {
      const chosen = nodes.length > 0 ? { node_id: nodes.join(',') } : { source: NODE_SOURCE };
      const last = lastEventId(context, RECORD_ID, after);
      const time = readSince(since);
      const request = {
        filter: parseFilter({ q, equal: { level, ...chosen } }),
        tail,
        since: time && toNanos(time),
        follow,
        after: last === undefined ? undefined : Number(last),
      };
      respond(context, (signal) => followNodes({ store, bus }, launches, nodes, { ...request, signal }));
    },
  );

  api.get(
    '/admin/nodes/:id/logs',
    {
      operationId: 'getNodeLogs',
      summary: 'Get the log of a node',
      description: 'Returns the newest entries of a node that match, the oldest of them first.',
      permission: 'admin',
      parameters: { id: NODE_ID, ...SELECTION },
      response: z.object({
        node_id: LAUNCH.shape.node_id,
        count: z.int().meta({ description: 'The length of `logs`', examples: [1] }),
        logs: z.array(ENTRY),
        entries_left_out: z.int().meta({
          description:
            'Requested entries that are missing, the oldest ones: the response is limited to 8 MiB',
          examples: [0],
        }),
      }),
      errors: ['not_found'],
    },
    async (context, { id, ...selection }) => {
      const { logs, leftOut } = await readNode(context, id, toNodeFilter(selection));
      return { node_id: id, count: logs.length, logs, entries_left_out: leftOut };
    },
  );

  api.get(
    '/admin/nodes/:id/logs/export',
    {
      operationId: 'exportNodeLogs',
      summary: 'Download the log of a node',
      description: 'Returns all entries of a node that match as a file.',
      permission: 'admin',
      parameters: {
        id: NODE_ID,
        since: SELECTION.since,
        level: SELECTION.level,
        q: SELECTION.q,
        format: describe(oneOf(NODE_EXPORTS, 'json'), 'The format of the file'),
      },
      responseMedia: {
        'application/json': z.array(ENTRY),
        'application/x-ndjson': z.string().meta({
          description: 'An entry on each line',
          examples: ['{"level":"info","message":"Installing drivers","phase":"installing"}\n'],
        }),
        'text/csv': z.string().meta({ examples: ['timestamp,level,phase,message\n…'] }),
      },
      errors: ['not_found'],
    },
    async (context, { id, format, ...selection }) => {
      const filter = { ...toNodeFilter({ ...selection, tail: MAX_READ }), all: false };
      const { logs, leftOut } = await readNode(context, id, filter);
      if (leftOut > 0) context.set('X-Left-Out', `${leftOut} older entries`);
      context.body = formatNodeExport(logs, format);
      context.type = { json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv' }[format];
      context.attachment(`node-${id.replace(/[^A-Za-z0-9._-]/g, '_')}.${format}`);
    },
  );

  api.get(
    '/admin/nodes/:id/logs/stream',
    {
      operationId: 'streamNodeLogs',
      summary: 'Follow the log of a node',
      description:
        'Streams the entries of a node as server-sent events until its launch ends with the event `done`. A client that reconnects ' +
        'after `done` gets a 204.',
      permission: 'admin',
      parameters: { id: NODE_ID, ...SELECTION, ...FOLLOW },
      headers: STREAM_HEADERS,
      events: NODE_EVENTS,
      otherResponses: { 204: { description: 'The launch has ended and the client has read all of it' } },
      errors: ['not_found', 'rate_limited'],
    },
    async (context, { id: nodeId, follow, after, ...selection }) => {
      const filter = toNodeFilter(selection);
      const launch = await mustExist(nodeId);
      const given = lastEventId(context, ENTRY_ID, after);
      const last = given?.endsWith(DONE_MARK) ? given.slice(0, -DONE_MARK.length) : given;
      if (given !== last && launch && isTerminal(launch.phase)) {
        // A browser that gets any other answer after the end reconnects again and again.
        context.status = 204;
        return;
      }
      const request = { nodeId, filter, after: last || undefined, follow };
      respond(context, (signal) => followNode(nodeLog, launches, { ...request, signal }));
    },
  );

  function respond(
    context: Context,
    follow: (signal: AbortSignal) => AsyncIterable<NodeStreamEvent[]>,
  ): void {
    const source = async function* (signal: AbortSignal) {
      for await (const events of follow(signal)) {
        yield events
          .map(({ data, ...event }) => formatEvent({ ...event, data: JSON.stringify(data) }))
          .join('');
      }
    };
    respondWithEvents(context, { ...openStreams, maxMinutes }, source);
  }

  async function readNode(context: Context, id: string, filter: NodeFilter) {
    const known = await mustExist(id);
    const limit = filter.all ? (filter.tail ?? MAX_READ) : MAX_READ;
    const { entries, leftOut = 0 } = await nodeLog.newest(id, {
      limit,
      committed: false,
      signal: disconnectSignal(context),
    });
    for (const placed of entries) launches.observe(id, placed);
    const selected = selectEntries(id, entries, new EntryReader(id, known), filter);
    return { logs: selected.map(({ entry }) => entry), leftOut };
  }

  async function mustExist(id: string): Promise<Launch | undefined> {
    const launch = await launches.find(id);
    if (!launch && !(await nodeLog.has(id))) throw new LogplaneError('not_found', 'node not found');
    return launch;
  }

  function describeLaunch(launch: Launch) {
    const { nodeId, name, phase, progress, startedAt, updatedAt, endpoint, message, stuck } = launch;
    const remaining = launches.remaining(launch);
    return {
      node_id: nodeId,
      ...(name !== undefined && { name }),
      status: phase,
      phase,
      progress,
      message,
      started_at: new Date(startedAt).toISOString(),
      updated_at: new Date(updatedAt).toISOString(),
      ...(endpoint !== undefined && { endpoint }),
      ...(remaining !== undefined && { eta_seconds: Math.round(remaining / 1000) }),
      ...(stuck && { stuck }),
    };
  }
}
