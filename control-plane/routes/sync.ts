import type Router from 'koa-router';
import type { SourceSync } from '../files/source-sync.ts';
import type { SyncOutcome, SyncSchedule } from '../files/sync-schedule.ts';
import { countCategories, sourceStatus } from '../files/sync-status.ts';
import type { Auth } from '../http/auth.ts';

export interface SyncRoutesOptions {
  readonly auth: Auth;
  readonly syncSources: readonly SourceSync[];
  readonly syncSchedule: SyncSchedule;
}

export function addSyncRoutes(router: Router, { auth, syncSources, syncSchedule }: SyncRoutesOptions): void {
  /** Answers when the sync is over. `categories` counts the synced files of each service. */
  router.post('/sync/trigger', auth.require('change'), async (context) => {
    const outcomes = await syncSchedule.trigger();
    const failed = outcomes.filter((outcome) => 'problem' in outcome);
    const results = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
    const categories = countCategories(syncSources);
    const sum = (pick: (result: (typeof results)[number]) => number) =>
      results.reduce((total, result) => total + pick(result), 0);
    const answer = {
      categories,
      new_files: sum(({ newFiles }) => newFiles),
      changed_files: sum(({ changedFiles }) => changedFiles),
      bytes: sum(({ bytes }) => bytes),
    };
    if (failed.length === 0) {
      context.body = { status: 'success', message: 'Log sync completed', ...answer };
      return;
    }
    const message = failed.map(problemOf).join('; ');
    const all = failed.length === outcomes.length;
    context.status = all ? 502 : 200;
    context.body = {
      status: all ? 'error' : 'partial',
      message,
      ...answer,
      ...(all && { error: { message } }),
    };
  });

  router.get('/sync/status', auth.require('read'), (context) => {
    const sources = syncSources.map((source) => sourceStatus(source, syncSchedule));
    const states = new Set(sources.map(({ state }) => state));
    context.body = {
      status: states.has('down') ? 'down' : states.has('syncing') ? 'syncing' : 'ok',
      sources,
    };
  });
}

function problemOf(outcome: SyncOutcome): string {
  return 'problem' in outcome ? `sync of ${outcome.source.files.source.name}: ${outcome.problem}` : '';
}
