import type { LogRecord, StoredRecord } from '../../../pipeline/record/log-record.ts';
import { withSampleRate } from '../../../pipeline/record/sample-rate.ts';
import { compileFieldText } from '../../query/field-text.ts';
import { Guard } from '../../query/guard.ts';
import { compileMatch } from '../../query/match.ts';
import type { SamplingRule } from './rules-file.ts';

/** Returns the record, a copy with its sample rate, or undefined where it is dropped. */
export type Sample = (record: LogRecord) => LogRecord | undefined;

export interface Sampler {
  readonly sample: Sample;
  /** Records that were dropped since the start, by index of the rule. */
  readonly dropped: readonly number[];
  /** Guards of the rules, which count their failures. A rule that fails for a record does not select it. */
  readonly guards: readonly Guard[];
}

/**
 * Creates a sampler. The first rule that selects a record decides about it; warnings and errors are always kept. With `by`, records
 * with the same value (a trace, for instance) are all kept or all dropped.
 */
export function createSampler(
  rules: readonly SamplingRule[],
  random: () => number = Math.random,
  onProblem?: (message: string) => void,
): Sampler {
  const dropped = rules.map(() => 0);
  const compiled = rules.map(({ query, keep_one_in, by }, index) => {
    const match = compileMatch(query);
    const textOf = by === undefined ? undefined : compileFieldText(by);
    return {
      guard: new Guard({ name: `sampling rule ${index + 1}`, ...(onProblem && { onProblem }) }),
      rate: keep_one_in,
      /** The text that decides the draw, where the rule selects the record. The record has no sequence number yet, so a rule on `id` selects none. */
      select: (record: LogRecord) => (match(record as StoredRecord) ? (textOf?.(record) ?? '') : undefined),
    };
  });
  return {
    dropped,
    guards: compiled.map(({ guard }) => guard),
    sample(record) {
      if (record.level !== 'info' && record.level !== 'debug') return record;
      for (const [index, { guard, rate, select }] of compiled.entries()) {
        const value = guard.run(select, record);
        if (value === undefined) continue;
        const draw = value === '' ? random() : fraction(value);
        if (draw * rate < 1) return withSampleRate(record, rate);
        dropped[index]!++;
        return undefined;
      }
      return record;
    },
  };
}

/** A number from 0 to 1, the same for the same text in every server (FNV-1a, mixed so that all bits count). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
