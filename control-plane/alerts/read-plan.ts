import { type CompiledRule, measuredField } from './compile-rule.ts';
import { gateOf } from './gate.ts';
import { queryFields } from './query-fields.ts';

/**
 * How a rule gets its records as they come:
 *
 * - `counted`: from one grouped count of all new records, for rules that look at fields with few values only;
 * - `matched`: record by record, of those few that pass the gate of any such rule;
 * - `queried`: with a query of its own, every few seconds.
 */
export type ReadPlan = 'counted' | 'matched' | 'queried' | 'none';

/** Fields that all new records are counted by. */
export const COUNTED_FIELDS: ReadonlySet<string> = new Set([
  'level',
  'service',
  'machine_id',
  'source',
  'deployment_env',
  'region',
  'type',
  'event_type',
]);
const COUNTED_KINDS: ReadonlySet<string> = new Set(['count', 'rate', 'share', 'absence', 'anomaly']);
/** What is worked out of a message costs the engine less than this process. */
const WORKED_OUT = 'pattern';

export function planOf(compiled: CompiledRule): ReadPlan {
  const { rule, query, labels } = compiled;
  if (rule.kind === 'gauge') return 'none';
  const measured = measuredField(rule);
  if (
    COUNTED_KINDS.has(rule.kind) &&
    measured === undefined &&
    fieldsOf(compiled).every((name) => COUNTED_FIELDS.has(name) && rule.extract[name] === undefined)
  ) {
    return 'counted';
  }
  if (rule.kind === 'new_pattern' || labels.includes(WORKED_OUT)) return 'queried';
  return gateOf(query) ? 'matched' : 'queried';
}

/** The fields that a rule looks at, to choose records and to group them. */
export function fieldsOf({ query, part, labels }: CompiledRule): readonly string[] {
  return [...queryFields(part?.query ?? query), ...labels];
}
