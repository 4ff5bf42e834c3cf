import { type CompiledRule, measuredField, measuresNumbers } from '../rules/compile-rule.ts';
import { queryFields } from '../rules/query-fields.ts';

/**
 * How a rule gets new records:
 *
 * - `counted`: from a grouped count of all new records, for rules over fields with few values and at most one further
 *   `value`: the message's pattern, or a number that they measure;
 * - `queried`: with a statement of its own;
 * - `none`: it needs no records.
 */
export type ReadPlan =
  | { readonly kind: 'counted'; readonly value: string | undefined }
  | { readonly kind: 'queried' }
  | { readonly kind: 'none' };

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
/** The label that the engine computes from the message, which costs it less than this process. */
export const WORKED_OUT = 'pattern';

export function planOf(compiled: CompiledRule): ReadPlan {
  const { rule, labels } = compiled;
  if (rule.kind === 'gauge') return { kind: 'none' };
  const measured = measuredField(rule);
  const hasPattern = labels.includes(WORKED_OUT);
  const own = (name: string) => rule.extract[name] !== undefined;
  const few = fieldsOf(compiled).every((name) => COUNTED_FIELDS.has(name) && !own(name)) && !own(WORKED_OUT);
  if (few && (measured === undefined || (!hasPattern && measuresNumbers(rule) && !own(measured)))) {
    return { kind: 'counted', value: hasPattern ? WORKED_OUT : measured };
  }
  return { kind: 'queried' };
}

/** The fields by which a rule selects and groups records, without the computed label. */
export function fieldsOf({ query, part, labels }: CompiledRule): readonly string[] {
  return [...queryFields(part?.query ?? query), ...labels.filter((name) => name !== WORKED_OUT)];
}
