import { endOfString } from '../../pipeline/record/raw-json.ts';
import { memberText } from './field.ts';
import { rememberLast } from './remember-last.ts';
import { numberText, type TextTest } from './text-test.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Depth that ClickHouse's JSON parser reads; in a deeper document it finds no field at all. */
const MAX_DEPTH = 1_023;
/** A longer document is kept only for this round of the event loop, because as objects it takes many times the memory of its text. */
const MAX_KEPT_CHARACTERS = 64 * 1024;

/** Parses once for all filters that look at one record after the other. */
const parseOnce = rememberLast(parse, MAX_KEPT_CHARACTERS);

function parse(attributes: string): Json {
  if (isTooDeep(attributes)) return {};
  const value = JSON.parse(attributes) as Json;
  // simdjson refuses these two within a document, and so ClickHouse finds no field in it.
  const suspicious = /\\u[dD][89a-fA-F]|[eE][+]?\d\d\d/.test(attributes);
  return suspicious && !isReadable(value) ? {} : value;
}

function isTooDeep(json: string): boolean {
  if (json.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 34) at = endOfString(json, at) - 1;
    else if (code === 123 || code === 91) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === 125 || code === 93) depth--;
  }
  return false;
}

/** False for a value with a number beyond a double, or with half a surrogate pair. */
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
