import { memberText } from './field.ts';
import { numberText, type TextTest } from './text-test.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

let lastText = '{}';
let lastValue: Json = {};

/** Parses once for all filters that look at one record after the other. */
function parseOnce(attributes: string): Json {
  if (attributes !== lastText) {
    const value = JSON.parse(attributes) as Json;
    // simdjson refuses these two within a document, and so ClickHouse finds no field in it.
    const suspicious = /\\u[dD][89a-fA-F]|[eE][+]?\d\d\d/.test(attributes);
    lastValue = suspicious && !isReadable(value) ? {} : value;
    lastText = attributes;
  }
  return lastValue;
}

/** False with a number beyond a double, or with half a surrogate pair. */
function isReadable(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value);
  if (value === null || typeof value === 'boolean') return true;
  return Object.entries(value).every(([key, inner]) => isReadable(key) && isReadable(inner));
}

/** The value at a path of keys; undefined where there is none. */
export function findAttribute(attributes: string, path: readonly string[]): Json | undefined {
  if (!attributes.includes(memberText(path[0]!))) return undefined;
  let value: Json | undefined = parseOnce(attributes);
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = value[key];
  }
  return value;
}

/** True where one of the value's texts passes; see `Field` for what these are. */
export function someText(value: Json, test: TextTest): boolean {
  if (Array.isArray(value)) return value.some((element) => passes(element, test));
  return passes(value, test);
}

function passes(value: Json, test: TextTest): boolean {
  if (typeof value === 'string') return test(value);
  if (typeof value === 'number') return test(numberText(value));
  return (value === null || typeof value === 'boolean') && test(String(value));
}
