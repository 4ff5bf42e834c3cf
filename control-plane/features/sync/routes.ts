import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { ERROR } from '../../http/error-response.ts';
import { COUNTS } from '../../http/record-schema.ts';
import type { SourceSync } from './source-sync.ts';
import { SYNC_STATUS } from './status-schema.ts';
import type { SyncOutcome, SyncSchedule } from './sync-schedule.ts';
import { countCategories, sourceStatus } from './sync-status.ts';

export interface SyncRoutesOptions {
  readonly syncSources: readonly SourceSync[];
  readonly syncSchedule: SyncSchedule;
}

const BROUGHT = {
  message: z.string(),
  categories: COUNTS.describe('Synced files of each service'),
  new_files: z.int(),
  changed_files: z.int(),
  bytes: z.int(),
};

export function addSyncRoutes(api: RouteFamily, { syncSources, syncSchedule }: SyncRoutesOptions): void {
  api.post(
    '/sync/trigger',
    {
      summary: 'Syncs all sources now and answers when it is over',
      right: 'change',
      answer: z.object({
        status: z.enum(['success', 'partial']).describe('`partial` where some sources failed'),
        ...BROUGHT,
      }),
      otherwise: {
        502: {
          description: 'No source could be synced',
          gives: { 'application/json': ERROR.extend({ status: z.literal('error'), ...BROUGHT }) },
        },
      },
    },
    async (context) => {
      const outcomes = await syncSchedule.trigger();
      const failed = outcomes.filter((outcome) => 'problem' in outcome);
      const results = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
      const sum = (pick: (result: (typeof results)[number]) => number) =>
        results.reduce((total, result) => total + pick(result), 0);
      const answer = {
        message: failed.length === 0 ? 'Log sync completed' : failed.map(problemOf).join('; '),
        categories: countCategories(syncSources),
        new_files: sum(({ newFiles }) => newFiles),
        changed_files: sum(({ changedFiles }) => changedFiles),
        bytes: sum(({ bytes }) => bytes),
      };
      if (failed.length === 0) return { status: 'success', ...answer } as const;
      if (failed.length < outcomes.length) return { status: 'partial', ...answer } as const;
      context.status = 502;
      context.body = { status: 'error', ...answer, error: { message: answer.message } };
      return undefined;
    },
  );

  api.get('/sync/status', { summary: 'How the syncs stand', right: 'read', answer: SYNC_STATUS }, () => {
    const sources = syncSources.map((source) => sourceStatus(source, syncSchedule));
    const states = new Set(sources.map(({ state }) => state));
    const status = states.has('down') ? 'down' : states.has('syncing') ? 'syncing' : 'ok';
    return { status, sources } as const;
  });
}

function problemOf(outcome: SyncOutcome): string {
  return 'problem' in outcome ? `sync of ${outcome.source.files.source.name}: ${outcome.problem}` : '';
}
