import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { ERROR } from '../../http/error-response.ts';
import { COUNT, COUNTS } from '../../http/record-schema.ts';
import type { SourceSync } from './source-sync.ts';
import { SYNC_STATUS } from './status-schema.ts';
import type { SyncOutcome, SyncSchedule } from './sync-schedule.ts';
import { countCategories, sourceStatus } from './sync-status.ts';

export interface SyncRoutesOptions {
  readonly syncSources: readonly SourceSync[];
  readonly syncSchedule: SyncSchedule;
}

const COPIED = {
  message: z.string().meta({ description: 'For people', examples: ['Log sync completed'] }),
  categories: COUNTS.meta({ description: 'Synced files of each service', examples: [{ slurm: 3 }] }),
  new_files: COUNT,
  changed_files: COUNT,
  bytes: COUNT.describe('Bytes that were copied'),
};

export function addSyncRoutes(api: RouteFamily, { syncSources, syncSchedule }: SyncRoutesOptions): void {
  api.post(
    '/sync/trigger',
    {
      operationId: 'triggerSync',
      summary: 'Sync all sources now',
      description: 'Starts a sync of all sources and answers when it has ended.',
      permission: 'change',
      response: z.object({
        status: z.enum(['success', 'partial']).describe('`partial` where some sources failed'),
        ...COPIED,
      }),
      otherResponses: {
        502: {
          description: 'No source could be synced',
          content: { 'application/json': ERROR.extend({ status: z.literal('error'), ...COPIED }) },
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

  api.get(
    '/sync/status',
    {
      operationId: 'getSyncStatus',
      summary: 'Get the state of the syncs',
      description: 'Returns the state of each source: the last attempt, its result and the next sync.',
      permission: 'read',
      response: SYNC_STATUS,
    },
    () => {
      const sources = syncSources.map((source) => sourceStatus(source, syncSchedule));
      const states = new Set(sources.map(({ state }) => state));
      const status = states.has('down') ? 'down' : states.has('syncing') ? 'syncing' : 'ok';
      return { status, sources } as const;
    },
  );
}

function problemOf(outcome: SyncOutcome): string {
  return 'problem' in outcome ? `sync of ${outcome.source.files.source.name}: ${outcome.problem}` : '';
}
