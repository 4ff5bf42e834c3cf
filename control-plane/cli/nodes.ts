import type { Command } from 'commander';
import { getJson, type ServerOptions, withServer } from './api.ts';
import { formatLine } from './format-line.ts';
import { readEvents } from './read-events.ts';
import {
  createProgress,
  FAILURE,
  formatTable,
  paint,
  print,
  printJson,
  progressBar,
  report,
} from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface FollowOptions extends ServerOptions {
  readonly tail: number;
  readonly json: boolean;
}

interface Node {
  readonly node_id: string;
  readonly name?: string;
  readonly phase?: string;
  readonly progress?: number;
  readonly status?: string;
}

export function addNodes(program: Command): void {
  const nodes = program
    .command('nodes')
    .description('list and follow launches of nodes (needs the admin token)');
  withServer(nodes.command('list', { isDefault: true }))
    .description('list launches')
    .option('--json', 'as JSON', false)
    .action(list);
  withServer(nodes.command('follow'))
    .description('follow a launch to its end; exit code 1 if it failed')
    .argument('<id>', 'id of the node')
    .option('-n, --tail <number>', 'number of entries to begin with', wholeNumber(0), 100)
    .option('--json', 'one event per line as JSON', false)
    .action(follow);
}

async function list({ json, ...server }: ServerOptions & { json: boolean }): Promise<void> {
  const answer = await getJson<{ nodes: Node[] }>(server, '/admin/nodes');
  if (json) return printJson(answer);
  const rows = answer.nodes.map(({ node_id, name, status, phase, progress }) => [
    node_id,
    name ?? '',
    status ?? phase ?? '',
    String(progress ?? ''),
  ]);
  await print(formatTable(['node', 'name', 'phase', 'progress'], rows));
}

async function follow(id: string, { tail, json, ...server }: FollowOptions): Promise<void> {
  const progress = createProgress();
  const events = readEvents(server, `/admin/nodes/${encodeURIComponent(id)}/logs/stream`, {
    query: { follow: 'true', tail },
    once: false,
    onReconnect: (reason) => report(`logplane: ${reason}; reconnecting`, 'yellow'),
  });
  let bar = '';
  for await (const { name, data } of events) {
    const event = JSON.parse(data) as Record<string, string | number>;
    progress.clear();
    if (json) await printJson({ event: name, ...event });
    else await show(name, event);
    if (name === 'done') {
      if (event.status !== 'active') process.exitCode = FAILURE;
      return;
    }
    if (event.phase !== undefined) bar = `${progressBar(Number(event.progress ?? 0) / 100)} ${event.phase}`;
    progress.show(bar);
  }
}

async function show(name: string, event: Readonly<Record<string, string | number>>): Promise<void> {
  if (name === 'log') await print(`${formatLine(event)}\n`);
  else if (name === 'error')
    await print(`${paint(`error: ${event.error} ${event.details ?? ''}`.trim(), 'red')}\n`);
  else if (name === 'done')
    await print(
      `${paint(`${event.status}: ${event.message ?? ''} ${event.endpoint ?? ''}`.trim(), 'bold')}\n`,
    );
}
