import type { Transition } from '../evaluate/group-state.ts';
import type { CompiledRule } from '../rules/compile-rule.ts';

/** One line for lists and messages: the rule, its group and what happened. */
export function summarizeAlert(
  { rule, threshold, labels }: CompiledRule,
  { state, value, numbers }: Transition,
  values: Readonly<Record<string, string>>,
): string {
  const where = labels
    .filter((name) => values[name] !== '')
    .map((name) => `${name}=${values[name]}`)
    .join(' ');
  const outcome =
    state === 'firing' || state === 'pending' ? measured(rule, value, threshold, numbers) : state;
  return `${rule.name}${where === '' ? '' : ` (${where})`}: ${outcome}`;
}

function measured(
  rule: CompiledRule['rule'],
  value: number,
  threshold: number,
  numbers: Transition['numbers'],
): string {
  const number = format(value);
  const condition = `${rule.op} ${format(threshold)}`;
  switch (rule.kind) {
    case 'count':
      return `${number} in ${rule.window}`;
    case 'rate':
      return `${number}/s over ${rule.window}, ${condition}`;
    case 'share':
      return `${format(value * 100)} % over ${rule.window}`;
    case 'percentile':
      return `p${rule.percentile} of ${rule.field} is ${number} over ${rule.window}, ${condition}`;
    case 'distinct':
      return `${number} values of ${rule.field} in ${rule.window}, ${condition}`;
    case 'absence':
      return `nothing for ${format(value)} s`;
    case 'new_pattern':
      return `new, ${number} in ${rule.window}`;
    case 'anomaly':
      return `${rule.field ?? 'records'} ${number} in ${rule.window}, expected ${numbers?.expected ?? '?'} ± ${numbers?.spread ?? '?'}`;
    case 'gauge':
      return `${rule.signal} is ${number}, ${condition}`;
  }
}

function format(value: number): string {
  return String(Number(value.toPrecision(4)));
}
