import fc from 'fast-check';
import type { Schema } from '../api-document.ts';
import { extremeParameter, extremeValue } from './fuzz-extremes.ts';

/** Texts that have broken readers before: of bytes, escapes, numbers, paths, queries and times. */
// biome-ignore format: a table
const HOSTILE = [
  '', ' ', '\0', 'a\0b', '\r\n', '\n\n', '\t', '\u2028', '\ufeff', '\ud800', '😀', 'İ', 'ß', '\u202e', '\x1b[31m', 'x'.repeat(5000),
  '%', '%00', '%E0%A4%A', '%2e%2e%2f', '../../etc/passwd', '/etc/passwd', 'categorized/../../x', 'agents/%2e%2e/x', 'agents/-/x', '\\..\\',
  "'", '"', '`', ';', '--', '{p0:String}', '{q:String}', ') OR 1=1 --', '{{7*7}}', '<script>alert(1)</script>',
  '0', '-0', '-1', '1e3', '0x10', '1.5', '00', '9007199254740991', '9007199254740993', '999999999999999999999', 'NaN', 'Infinity', '١', ' 5', '+5',
  'true', 'TRUE', 'null', 'undefined', '[]', '{}', '[object Object]', '__proto__', 'constructor', 'toString', 'hasOwnProperty',
];

// biome-ignore format: a table
const QUERIES = [
  'error', '"out of memory"', 'level:error', 'level:>info', 'service:vllm OR service:client', '-level:debug', 'NOT (a OR b)', 'a AND', '(', ')',
  '((((((((((a))))))))))', 'field:', 'field:""', 'duration_ms:>5', 'duration_ms:[1 TO 5]', 'duration_ms:[5 TO', 'message:/time.*out/', '/(/', 'a:/[/', 'a:/(?=x)/', 'a:/(a+)+$/',
  'timestamp:>now-1h', 'timestamp:[now-1d TO now]', 'timestamp:yesterday', 'model_info.name:llama*', 'a.b.c.d:*', 'a..b:1', '.:1', 'job_id:4711', 'x:*', '*:*', '*', '\\', '"', '"\\"', 'a:b:c',
  'type:request status_code:>=500', 'level:[info TO error]', 'é:é', '😀', 'a:1e400', 'a:-1e400', 'attributes:x', 'id:1', 'seq:1', 'a:>"b"', '__proto__:1', 'constructor:x',
];

// biome-ignore format: a table
const TIMES = [
  'now', 'now-15m', '-2h', '+1d', 'now-999999999w', '2026-03-01', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00+02:00', '2026-02-30T00:00:00Z', '0', '1', '1700000000', '1700000000000',
  '1700000000000000000', '-1', '1899-12-31T00:00:00Z', '2262-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2026-03-01T12:00:00.123456789Z', 'now-1', 'now--1h', '2026-13-01', 'yesterday',
];

const FIELDS = [
  'level',
  'service',
  'message',
  'timestamp',
  'id',
  'seq',
  'duration_ms',
  'a.b',
  'a..b',
  '',
  'x y',
  '*',
  'attributes',
  '__proto__',
  'machine_id',
];

/** Values by the name of a field or parameter. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

/** What a parameter of this name is likely to hold; what a schema cannot say. */
export const LIKELY: KnownValues = {
  q: QUERIES,
  query: QUERIES,
  from: TIMES,
  to: TIMES,
  since: TIMES,
  service: ['vllm', 'client', 'vllm,client', 'nothing'],
  level: ['error', 'INFO', 'warn,error', 'none'],
  type: ['all', 'api', 'errors', 'request'],
  by: FIELDS,
  fields: FIELDS,
  interval: ['auto', '1s', '5m', '1h', '1d', '0s', '1ms', '999999999d', '5x'],
  path: ['agents/-/var/log/app.log', 'agents/gpu-1/var/log/app.log', 'categorized/vllm/a.out'],
  job_id: ['4711', '4712', 'x'],
  node_id: ['n1', 'n2'],
  scope: ['fleet', 'group:gpus', 'machine:gpu-1', 'machine:', 'x'],
  name: ['fluent-bit-worker.conf', 'fluent-bit-worker.yaml', 'fuzzed', 'x'],
  machine_id: ['gpu-1', 'gpu-1,gpu-2'],
  queries: ['{"a":"level:error"}', '{"a":"x","b":"("}', '{"message":"x"}', '[]', '{}', '{"a":1}'],
  range: ['0-9', '5-', '-5', '9-0', '0-999999999999999', 'bytes=0-1'],
  cursor: ['1700000000000000', 'eyJ9', 'x'],
  format: ['ndjson', 'csv', 'json', 'parquet'],
};

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
);

/** The text of a parameter: mostly what it takes, else anything. */
export function parameterText(name: string, schema: Schema, known: KnownValues): fc.Arbitrary<string> {
  const likely = known[name];
  const fitting = validValue(schema, {}, known).map((value) =>
    Array.isArray(value) ? value.join(',') : String(value),
  );
  return fc.oneof(
    { weight: 6, arbitrary: likely?.length ? fc.constantFrom(...likely) : fitting },
    { weight: 2, arbitrary: likely?.length ? joined(likely) : fitting },
    { weight: 2, arbitrary: hostileText },
    { weight: 1, arbitrary: extremeParameter },
  );
}

function joined(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(fc.constantFrom(...texts), { maxLength: 4 }), fc.constantFrom(' ', ' OR ', ',', ''))
    .map(([parts, between]) => parts.join(between));
}

/** A value that a schema allows, at least nearly. @param root where its references lead */
export function validValue(
  schema: Schema,
  root: Schema,
  known: KnownValues,
  name = '',
): fc.Arbitrary<unknown> {
  if (schema.$ref) return validValue(resolveReference(root, schema.$ref), root, known, name);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice: Schema) => validValue(choice, root, known, name)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'integer':
    case 'number': {
      const min = schema.minimum ?? -1000;
      const max = Math.min(schema.maximum ?? 1000, min + 100_000);
      return type === 'integer'
        ? fc.integer({ min: Math.ceil(min), max: Math.floor(max) })
        : fc.double({ min, max, noNaN: true });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(validValue(schema.items ?? {}, root, known, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      });
    case 'object':
      return validObject(schema, root, known);
    case 'string':
      return validText(schema, known[name]);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function validObject(schema: Schema, root: Schema, known: KnownValues): fc.Arbitrary<unknown> {
  const fields = Object.entries<Schema>(schema.properties ?? {});
  const required = schema.required ?? [];
  const object = fc.record(
    Object.fromEntries(fields.map(([name, field]) => [name, validValue(field, root, known, name)])),
    { requiredKeys: required },
  );
  const more = schema.additionalProperties;
  if (typeof more !== 'object' || more === null) return object;
  const others = fc.dictionary(fc.string({ maxLength: 12 }), validValue(more, root, known), { maxKeys: 3 });
  return fc.tuple(object, others).map(([known, other]) => ({ ...other, ...known }));
}

function validText(schema: Schema, likely: readonly string[] | undefined): fc.Arbitrary<string> {
  const text = schema.pattern
    ? fc.stringMatching(new RegExp(schema.pattern))
    : fc.string({
        minLength: schema.minLength ?? 0,
        maxLength: Math.min(schema.maxLength ?? 20, 20),
      });
  return likely?.length ? fc.oneof(fc.constantFrom(...likely), text) : text;
}

function resolveReference(root: Schema, reference: string): Schema {
  return reference
    .slice(2)
    .split('/')
    .reduce<any>((schema, part) => schema[part], root);
}

/** The same value with one part of it replaced by something that may not stand there. */
export function damaged(value: unknown): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    hostileText,
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(null, -1, 1e308, [], {}),
    extremeValue,
  );
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return anything;
  const names = Object.keys(value);
  if (names.length === 0) return anything;
  return fc.oneof(
    fc.tuple(fc.constantFrom(...names), anything).map(([name, other]) => ({ ...value, [name]: other })),
    fc.constantFrom(...names).map((name) => ({ ...value, [name]: undefined })),
    anything,
  );
}
