import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest, LogplaneError } from '../../pipeline/errors.ts';
import { parseTimestamp } from '../../pipeline/record/parse-timestamp.ts';
import { utc } from '../../pipeline/record/timezone.ts';
import { formatEvent, respondWithEvents } from '../http/event-stream.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { flag, oneOf, optionalText, readParameters, textList, wholeNumber } from '../http/parameters.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import type { ReadRouteOptions } from '../http/read-route.ts';
import { parseFilter } from '../logs/log-filter.ts';
import { formatNodeExport, NODE_EXPORTS } from '../nodes/export-node.ts';
import { DONE_MARK, followNode, type NodeStreamEvent } from '../nodes/follow-node.ts';
import { followNodes } from '../nodes/follow-nodes.ts';
import type { Launch } from '../nodes/launch.ts';
import { fillCommand } from '../nodes/launch-command.ts';
import { isTerminal } from '../nodes/launch-phase.ts';
import type { LaunchRunner } from '../nodes/launch-runner.ts';
import { ENTRY_LEVELS, readDrafts } from '../nodes/node-entry.ts';
import type { NodeLaunches } from '../nodes/node-launches.ts';
import type { NodeLog } from '../nodes/node-log.ts';
import { NODE_SOURCE } from '../nodes/node-record.ts';
import { EntryReader, MOST_READ, type NodeFilter, selectEntries } from '../nodes/read-node.ts';
import { toNanos } from '../query/parse-time.ts';
import type { LogStreamRoutesOptions } from './log-stream.ts';

export interface NodeRoutesOptions extends ReadRouteOptions, LogStreamRoutesOptions {
  readonly nodeLog: NodeLog;
  readonly launches: NodeLaunches;
  readonly launchRunner: LaunchRunner;
  /** Arguments with placeholders; undefined: launches are only registered. */
  readonly launchCommand: readonly string[] | undefined;
}

const USUAL_MOST_MINUTES = 30;
const MOST_NODES = 10_000;
const MOST_NODES_OF_A_STREAM = 1_000;
const NODE_ID = /^[A-Za-z0-9._:@-]{1,128}$/;
const ANY = { matches: () => true };

const SELECTION = {
  tail: wholeNumber(0, MOST_READ, 100),
  since: optionalText,
  level: optionalText,
  q: optionalText,
};
const FOLLOW = { follow: flag(true), after: optionalText };

/** Launches of nodes: everything here needs the admin token. */
export function addNodeRoutes(router: Router, options: NodeRoutesOptions): void {
  const { auth, body, nodeLog, launches, launchRunner, launchCommand, store, bus, streams, stopping } =
    options;
  const admin = auth.require('admin');
  const maxMinutes = options.streamMaxMinutes ?? USUAL_MOST_MINUTES;

  router.get('/admin/nodes', admin, async (context) => {
    const { limit } = readParameters(context, { limit: wholeNumber(1, MOST_NODES, 1_000) });
    const nodes = await launches.list(limit);
    context.body = { nodes: nodes.map((launch) => describe(launch)) };
  });

  router.post('/admin/nodes/launch', admin, async (context) => {
    const fields = await readJsonBody(context.req, body);
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
      throw badRequest('the body: expected a JSON object {"name"?, …}');
    }
    const given = fields as Record<string, unknown>;
    const node_id = readNodeId(given.node_id ?? randomUUID());
    const name = given.name ?? node_id;
    if (typeof name !== 'string' || name === '' || name.length > 256) {
      throw badRequest(`name: expected a text of 1 to 256 characters, got ${JSON.stringify(given.name)}`);
    }
    const command = launchCommand && fillCommand(launchCommand, { ...given, node_id, name });
    const running = await launches.find(node_id);
    if (running && !isTerminal(running.phase)) {
      throw badRequest(`node_id: a launch of "${node_id}" is under way (${running.phase})`);
    }
    const message = `Node launch request queued: ${name}`;
    const launch = await launches.append(node_id, [{ message, phase: 'queued', progress: 0, name }]);
    if (command) launchRunner.start(node_id, command);
    const path = `/admin/nodes/${encodeURIComponent(node_id)}/logs`;
    context.status = 202;
    context.body = { ...describe(launch), logs: path, stream: `${path}/stream` };
  });

  router.post('/admin/nodes/:id/logs', admin, async (context) => {
    const id = readNodeId(context.params.id);
    const drafts = readDrafts(await readJsonBody(context.req, body));
    const { phase, progress } = await launches.append(id, drafts);
    context.body = { node_id: id, accepted: drafts.length, phase, progress };
  });

  router.get('/admin/nodes/logs/stream', admin, (context) => {
    const { nodes, follow, after, tail, since, level, q } = readParameters(context, {
      ...FOLLOW,
      ...SELECTION,
      tail: wholeNumber(0, MOST_READ, undefined),
      nodes: textList(MOST_NODES_OF_A_STREAM),
    });
    const chosen = nodes.length > 0 ? { node_id: nodes.join(',') } : { source: NODE_SOURCE };
    const filter = parseFilter({ q, equal: { level, ...chosen } });
    const last = Number(context.get('Last-Event-ID') || after || Number.NaN);
    const time = readSince(since);
    const request = {
      filter,
      tail,
      since: time === undefined ? undefined : toNanos(time),
      follow,
      after: Number.isSafeInteger(last) ? last : undefined,
    };
    respond(context, (signal) => followNodes({ store, bus }, launches, nodes, { ...request, signal }));
  });

  router.get('/admin/nodes/:id/logs', admin, async (context) => {
    const id = context.params.id as string;
    const logs = await readNode(context, id, readNodeFilter(context));
    context.body = { node_id: id, count: logs.length, logs };
  });

  router.get('/admin/nodes/:id/logs/export', admin, async (context) => {
    const id = context.params.id as string;
    const { format } = readParameters(context, { format: oneOf(NODE_EXPORTS, 'json') });
    const filter = { ...readNodeFilter(context), tail: undefined, all: false };
    context.body = formatNodeExport(await readNode(context, id, filter), format);
    context.type = { json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv' }[format];
    context.attachment(`node-${id.replace(/[^A-Za-z0-9._-]/g, '_')}.${format}`);
  });

  router.get('/admin/nodes/:id/logs/stream', admin, async (context) => {
    const nodeId = context.params.id as string;
    const { follow, after } = readParameters(context, FOLLOW);
    const filter = readNodeFilter(context);
    await mustExist(nodeId);
    const given = context.get('Last-Event-ID') || after;
    const last = given?.endsWith(DONE_MARK) ? given.slice(0, -DONE_MARK.length) : given;
    const launch = await launches.find(nodeId);
    if (given !== last && launch && isTerminal(launch.phase)) {
      // A browser that comes back behind the end is told so; with any other answer it would come again and again.
      context.status = 204;
      return;
    }
    const request = { nodeId, filter, after: last && /^[\d.]+$/.test(last) ? last : undefined, follow };
    respond(context, (signal) => followNode(nodeLog, launches, { ...request, signal }));
  });

  function respond(
    context: Context,
    follow: (signal: AbortSignal) => AsyncIterable<NodeStreamEvent[]>,
  ): void {
    const leave = streams.enter(context.req.socket.remoteAddress ?? '');
    const source = async function* (signal: AbortSignal) {
      try {
        for await (const events of follow(signal)) {
          yield events
            .map(({ data, ...event }) => formatEvent({ ...event, data: JSON.stringify(data) }))
            .join('');
        }
      } finally {
        leave();
      }
    };
    respondWithEvents(context, stopping, source, maxMinutes);
  }

  async function readNode(context: Context, id: string, filter: NodeFilter) {
    const known = await mustExist(id);
    const limit = filter.all ? (filter.tail ?? MOST_READ) : MOST_READ;
    const { entries } = await nodeLog.newest(id, { limit, settled: false, signal: leaveSignal(context) });
    for (const placed of entries) launches.observe(id, placed);
    return selectEntries(id, entries, new EntryReader(id, known), filter).map(({ entry }) => entry);
  }

  async function mustExist(id: string): Promise<Launch | undefined> {
    const launch = await launches.find(id);
    if (!launch && !(await nodeLog.has(id))) throw new LogplaneError('not_found', 'node not found');
    return launch;
  }

  function describe(launch: Launch) {
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

function readNodeFilter(context: Context): NodeFilter {
  const { tail, since, level, q } = readParameters(context, SELECTION);
  const time = readSince(since);
  for (const word of level?.split(',') ?? []) {
    if (!ENTRY_LEVELS.includes(word.toLowerCase() as (typeof ENTRY_LEVELS)[number])) {
      throw badRequest(`level: expected one or more of ${ENTRY_LEVELS.join(', ')}, got "${level}"`);
    }
  }
  const chooses = q !== undefined || level !== undefined;
  return {
    ...(chooses ? parseFilter({ q, equal: { level } }) : ANY),
    since: time && time.seconds * 1000 + time.nanos / 1e6,
    tail,
    all: !chooses && time === undefined,
  };
}

function readSince(since: string | undefined) {
  if (since === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(since) ? parseTimestamp(since, utc) : undefined;
  if (!time) throw badRequest("invalid 'since' timestamp format");
  return time;
}

function readNodeId(id: unknown): string {
  if (typeof id === 'string' && NODE_ID.test(id)) return id;
  throw badRequest(`node id: expected 1 to 128 letters, digits and . _ : @ -, got ${JSON.stringify(id)}`);
}
