import { LEVELS, severityOfWord } from '../../pipeline/record/severity.ts';
import type { Test } from './ast.ts';
import { decimalText } from './decimal.ts';
import { MAX_NAME_LENGTH, MAX_SEGMENTS, resolveField } from './field.ts';
import { parseTime, TIME_FORMS } from './parse-time.ts';
import { problemOfRegex, wildcardRegex } from './regex.ts';

/** Why a text is no field name; undefined where it is one. */
export function problemOfName(name: string): string | undefined {
  return name.length > MAX_NAME_LENGTH || name.split('.').length > MAX_SEGMENTS
    ? `expected a field name of at most ${MAX_NAME_LENGTH} characters and ${MAX_SEGMENTS} parts, got a longer one`
    : undefined;
}

/** Why a test is invalid for a field; undefined where it is valid. */
export function problemOfTest(name: string, test: Test): string | undefined {
  const problem = problemOfName(name);
  if (problem !== undefined) return problem;
  if (test.kind === 'regex') return problemOfRegex(test.source);
  if (test.kind === 'wildcard') return problemOfRegex(wildcardRegex(test.pattern));
  if (test.kind === 'present') return undefined;
  const { kind } = resolveField(name);
  if (test.kind === 'equals')
    return kind === 'level' || kind === 'time' ? problemOfValue(kind, test.value) : undefined;
  const { low, high } = test;
  if (!low && !high) return 'expected a range with a lower or an upper end, got neither';
  return (low && problemOfValue(kind, low.value)) ?? (high && problemOfValue(kind, high.value));
}

function problemOfValue(kind: string, value: string): string | undefined {
  const got = `got ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (kind === 'level')
    return severityOfWord(value) ? undefined : `expected a level (${LEVELS.join(', ')}), ${got}`;
  if (kind === 'time')
    return parseTime(value, { now: Date.now() }) ? undefined : `expected a time (${TIME_FORMS}), ${got}`;
  return decimalText(value) !== undefined && Number.isFinite(Number(value))
    ? undefined
    : `expected a number, ${got}`;
}
