import { z } from 'zod';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, requiredText } from '../../http/parameters.ts';
import { SILENCE } from './silences/silence.ts';
import type { SilenceStore } from './silences/silence-store.ts';

export interface SilenceRoutesOptions {
  readonly silences: SilenceStore;
  /** Silences were changed here. */
  readonly onRulesChanged: () => void;
}

const SILENCES = '/api/v1/alerts/silences';
const ID = z.string().meta({ examples: ['f2c9'] });
const STORED_SILENCE = z.looseObject({ id: z.string() }).meta({
  examples: [{ id: 'f2c9', rule: 'gpu-*', labels: {}, to: '2026-06-04T18:00:00Z', comment: 'driver update' }],
});

export function addSilenceRoutes(api: RouteFamily, { silences, onRulesChanged }: SilenceRoutesOptions): void {
  api.get(
    SILENCES,
    {
      operationId: 'listSilences',
      summary: 'List silences',
      description: 'Returns silences and maintenance windows, the newest first.',
      permission: 'read',
      response: z.object({ silences: z.array(STORED_SILENCE) }),
    },
    async () => ({ silences: await silences.list() }),
  );

  api.post(
    SILENCES,
    {
      operationId: 'createSilence',
      summary: 'Create a silence',
      description:
        'Suppresses notifications of the alerts that it matches, once from `from` to `to` or every week.',
      permission: 'change',
      requestBody: SILENCE,
      response: STORED_SILENCE,
      status: 201,
    },
    async (_context, _parameters, silence) => {
      const added = await silences.add(silence);
      onRulesChanged();
      return added;
    },
  );

  api.delete(
    `${SILENCES}/:id`,
    {
      operationId: 'deleteSilence',
      summary: 'End a silence',
      description: 'Ends a silence. Alerts that still fire are then notified.',
      permission: 'change',
      parameters: { id: describe(requiredText, 'The id of the silence', 'f2c9') },
      response: z.object({ removed: ID }),
      errors: ['not_found'],
    },
    async (_context, { id }) => {
      if (!(await silences.remove(id))) throw new LogplaneError('not_found', `no silence has the id "${id}"`);
      onRulesChanged();
      return { removed: id };
    },
  );
}
