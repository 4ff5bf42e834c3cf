import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { isTerminal, PHASE_START, type Phase } from './launch-phase.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';

/** The state of a launch after its entries so far. Times are milliseconds since 1970. */
export interface Launch {
  readonly nodeId: string;
  readonly name: string | undefined;
  readonly phase: Phase;
  /** Never falls while the launch lasts. */
  readonly progress: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** The phases so far, with the time at which each began, by its entry and by the clock here. */
  readonly phases: readonly { readonly phase: Phase; readonly since: number; readonly arrived: number }[];
  readonly endpoint: string | undefined;
  /** Message of the last entry that set the phase. */
  readonly message: string;
  readonly details: string | undefined;
  /** True where a warning was made because the current phase takes too long. */
  readonly stuck: boolean;
}

export const STUCK_EVENT = 'node_launch_stuck';

/**
 * Completes the next entry of a launch and returns it with the launch's new state.
 * @param now when it arrived, milliseconds since 1970; its time where it has none
 */
export function advance(
  launch: Launch | undefined,
  nodeId: string,
  draft: EntryDraft,
  now: number,
): { readonly launch: Launch; readonly entry: NodeEntry } {
  const again = launch && isTerminal(launch.phase) && draft.phase === 'queued';
  const before = again ? undefined : launch;
  const phase = draft.phase ?? before?.phase ?? 'queued';
  const progress = progressOf(before, phase, draft.progress);
  const timestamp = draft.timestamp ?? new Date(now).toISOString();
  const { message, progress: _, ...rest } = draft;
  const entry: NodeEntry = {
    timestamp,
    level: draft.level ?? (phase === 'failed' ? 'error' : 'info'),
    message,
    phase,
    ...(phase !== 'failed' && { progress }),
    ...pick(rest, ['details', 'endpoint', 'name', 'event_type']),
  };
  return { entry, launch: nextLaunch(before, nodeId, entry, progress, now) };
}

function nextLaunch(
  before: Launch | undefined,
  nodeId: string,
  entry: NodeEntry,
  progress: number,
  arrived: number,
): Launch {
  const time = Date.parse(entry.timestamp);
  // Entries after the end, such as the lines of a running node, change nothing.
  if (before && isTerminal(before.phase) && entry.phase !== before.phase) return before;
  const changed = entry.phase !== before?.phase;
  return {
    nodeId,
    name: entry.name ?? before?.name,
    phase: entry.phase,
    progress,
    startedAt: before?.startedAt ?? time,
    updatedAt: Math.max(time, before?.updatedAt ?? 0),
    phases: changed
      ? [...(before?.phases ?? []), { phase: entry.phase, since: time, arrived }]
      : before.phases,
    endpoint: entry.endpoint ?? before?.endpoint,
    message: changed || !before ? entry.message : before.message,
    details: changed || !before ? entry.details : before.details,
    stuck: entry.event_type === STUCK_EVENT || (!changed && before.stuck),
  };
}

/** @throws LogplaneError `bad_request` where a launch that has ended would go on */
export function checkGoesOn(launch: Launch | undefined, { phase }: EntryDraft): void {
  if (!launch || !isTerminal(launch.phase)) return;
  if (phase === undefined || phase === launch.phase || phase === 'queued') return;
  throw badRequest(
    `phase: the launch has ended (${launch.phase}): expected "queued", which begins a new one, got "${phase}"`,
  );
}

/** @throws LogplaneError `bad_request` where one is under way */
export function checkBegins(launch: Launch | undefined, nodeId: string): void {
  if (!launch || isTerminal(launch.phase)) return;
  throw badRequest(
    `node_id: a launch of "${nodeId}" is running (${launch.phase}); wait for its end, or use another node_id`,
  );
}

/** The phase that failed; `failed` itself where nothing came before it. */
export function failedPhase({ phases }: Launch): Phase {
  return phases.findLast(({ phase }) => phase !== 'failed')?.phase ?? 'failed';
}

function progressOf(before: Launch | undefined, phase: Phase, given: number | undefined): number {
  const reached = before?.progress ?? 0;
  if (phase === 'failed') return reached;
  if (phase === 'active') return 100;
  return Math.max(reached, given ?? PHASE_START[phase]);
}

/** Adds the `event_type` that alert rules select to an entry that begins or ends a launch. */
export function withEventType(before: Launch | undefined, entry: NodeEntry): NodeEntry {
  const { phase, event_type } = entry;
  if (event_type !== undefined || phase === before?.phase) return entry;
  if (phase === 'queued') return { ...entry, event_type: 'node_launch_started' };
  return isTerminal(phase) ? { ...entry, event_type: `node_launch_${phase}` } : entry;
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Partial<Pick<T, K>> {
  const found: Partial<Pick<T, K>> = {};
  for (const name of names) if (from[name] !== undefined) found[name] = from[name];
  return found;
}
