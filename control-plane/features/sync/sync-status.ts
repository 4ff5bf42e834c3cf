import type { SourceSync } from './source-sync.ts';
import type { SyncSchedule } from './sync-schedule.ts';

/** The state of one source for `/sync/status`. */
export function sourceStatus(source: SourceSync, schedule: SyncSchedule) {
  const { name, machineId, folder, ssh } = source.files.source;
  const { progress, problem, lastAttempt, lastSuccess, lastResult, failures } = source;
  const running = progress.report();
  let files = 0;
  let bytes = 0;
  for (const file of source.files.present()) {
    files++;
    bytes += file.size;
  }
  return {
    name,
    kind: ssh ? ('ssh' as const) : ('local' as const),
    ...(ssh && { host: ssh.host }),
    machine_id: machineId,
    folder,
    state: stateOf(source),
    ...(problem !== undefined && { problem, failures }),
    ...(running && { progress: running }),
    files,
    bytes,
    last_attempt: toTime(lastAttempt),
    last_success: toTime(lastSuccess),
    next_sync: running || lastAttempt === undefined ? null : toTime(lastAttempt + schedule.delayOf(source)),
    ...(lastResult && {
      last_result: {
        new_files: lastResult.newFiles,
        changed_files: lastResult.changedFiles,
        bytes: lastResult.bytes,
        duration_ms: lastResult.durationMs,
        warnings: lastResult.warnings,
      },
    }),
  };
}

function stateOf({ problem, progress, lastSuccess }: SourceSync): 'down' | 'syncing' | 'waiting' | 'ok' {
  if (problem !== undefined) return 'down';
  if (progress.report()) return 'syncing';
  return lastSuccess === undefined ? 'waiting' : 'ok';
}

/** The sources that are down, each with the reason. */
export function downSources(sources: readonly SourceSync[]): Record<string, string> {
  return Object.fromEntries(
    sources.flatMap(({ files, problem }) =>
      problem === undefined ? [] : [[`sync ${files.source.name}`, problem]],
    ),
  );
}

/** For `/metrics`. */
export function syncMetrics(sources: readonly SourceSync[]) {
  const oldest = () => Math.min(...sources.map(({ lastSuccess }) => lastSuccess ?? 0));
  return {
    logplane_sync_sources: { help: 'Sources of synced files', read: () => sources.length },
    logplane_sync_sources_down: {
      help: 'Sources whose last sync failed',
      read: () => Object.keys(downSources(sources)).length,
    },
    logplane_sync_oldest_success_seconds: {
      help: 'Time of the last sync of the source that is furthest behind, in seconds since 1970; 0: never',
      read: () => oldest() / 1000,
    },
    logplane_sync_files: {
      help: 'Synced files on disk',
      read: () => sources.reduce((sum, { files }) => sum + [...files.present()].length, 0),
    },
  };
}

/** Number of files by service, over all sources. */
export function countCategories(sources: readonly SourceSync[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { files } of sources) {
    for (const { service } of files.present()) counts[service] = (counts[service] ?? 0) + 1;
  }
  return counts;
}

function toTime(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
