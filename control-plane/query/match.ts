import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { LEVELS } from '../../pipeline/record/severity.ts';
import { formatTimestamp, type Timestamp } from '../../pipeline/record/timestamp.ts';
import type { Query, Test } from './ast.ts';
import { findAttributes, someScalar } from './attributes.ts';
import { type Field, resolveField } from './field.ts';
import { foldCase, foldCaseOnce } from './fold-case.ts';
import { groupValues } from './group-values.ts';
import { type Clock, parseTime, timeRange } from './parse-time.ts';
import { compileLevelTest, compileScalarTest, compileTextTest, type ValueTest } from './text-test.ts';

export type Match = (record: StoredRecord) => boolean;

/**
 * Compiles the query to a predicate of one record, which selects exactly the records that `compileSql` selects in the store.
 */
export function compileMatch(query: Query, clock: Clock = { now: Date.now() }): Match {
  switch (query.kind) {
    case 'all':
      return () => true;
    case 'text': {
      const text = foldCase(query.text);
      return (record) => foldCaseOnce(record.message).includes(text);
    }
    case 'field':
      return compileField(resolveField(query.field), query.test, clock);
    case 'not': {
      const match = compileMatch(query.query, clock);
      return (record) => !match(record);
    }
    case 'and': {
      const matches = query.queries.map((part) => compileMatch(part, clock));
      return (record) => matches.every((match) => match(record));
    }
    case 'or': {
      const { lists, rest } = groupValues(query.queries);
      const matches = [
        ...lists.map(({ field, values }) =>
          compileField(resolveField(field), { kind: 'oneOf', values }, clock),
        ),
        ...rest.map((part) => compileMatch(part, clock)),
      ];
      return (record) => matches.some((match) => match(record));
    }
  }
}

function compileField(field: Field, test: Test | ValueTest, clock: Clock): Match {
  if (test.kind === 'present') return compilePresence(field);
  switch (field.kind) {
    case 'level': {
      const levels = new Set<string>(LEVELS.filter(compileLevelTest(test)));
      return ({ level }) => levels.has(level);
    }
    case 'time':
      return compileTime(field.name, test, clock);
    case 'id': {
      const passes = compileTextTest(test);
      return ({ seq }) => passes(String(seq));
    }
    case 'message': {
      const passes = compileTextTest(test);
      return ({ message }) => passes(message);
    }
    case 'severity_text': {
      const passes = compileTextTest(test);
      return ({ severity_text }) => severity_text !== '' && passes(severity_text);
    }
    case 'column': {
      const passes = compileTextTest(test);
      const { name } = field;
      const texts = [...(passes('null') ? ['null'] : []), ...(passes('') ? ['""'] : [])];
      return (record) => {
        const text = record[name];
        if (text !== '') return passes(text);
        return findAttributes(record.attributes, name).some((json) => texts.includes(json));
      };
    }
    case 'attribute': {
      const passes = compileScalarTest(test);
      const { name } = field;
      return ({ attributes }) => findAttributes(attributes, name).some((json) => someScalar(json, passes));
    }
  }
}

function compilePresence(field: Field): Match {
  switch (field.kind) {
    case 'time':
      return field.name === 'timestamp' ? () => true : ({ observed }) => observed !== undefined;
    case 'severity_text':
      return ({ severity_text }) => severity_text !== '';
    case 'column':
      return (record) =>
        record[field.name] !== '' || findAttributes(record.attributes, field.name).length > 0;
    case 'attribute':
      return ({ attributes }) => findAttributes(attributes, field.name).length > 0;
    default:
      return () => true;
  }
}

function compileTime(name: 'timestamp' | 'observed_timestamp', test: ValueTest, clock: Clock): Match {
  const passes = compileTimeTest(test, clock);
  return (record) => {
    const time = name === 'timestamp' ? record.timestamp : record.observed;
    return time !== undefined && passes(time);
  };
}

function compileTimeTest(test: ValueTest, clock: Clock): (time: Timestamp) => boolean {
  if (test.kind === 'wildcard' || test.kind === 'regex') {
    const passes = compileTextTest(test);
    return (time) => passes(formatTimestamp(time));
  }
  if (test.kind === 'oneOf') {
    const points = test.values.map((value) => compileTimeTest({ kind: 'equals', value }, clock));
    return (time) => points.some((passes) => passes(time));
  }
  const { low, high } = timeRange(test);
  const min = low && parseTime(low.value, clock)!;
  const max = high && parseTime(high.value, clock)!;
  return (time) =>
    (!min || compareTimes(time, min) >= (low!.inclusive ? 0 : 1)) &&
    (!max || compareTimes(time, max) <= (high!.inclusive ? 0 : -1));
}

/** −1, 0 or 1. */
function compareTimes(a: Timestamp, b: Timestamp): number {
  return Math.sign(a.seconds - b.seconds || a.nanos - b.nanos);
}
