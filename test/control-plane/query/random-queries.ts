import { allOf, anyOf, negate, type Query, type Test } from '../../../control-plane/query/ast.ts';
import { problemOfTest } from '../../../control-plane/query/check-test.ts';
import { INDEXED_FIELDS, type StoredRecord } from '../../../pipeline/record/log-record.ts';
import { LEVELS } from '../../../pipeline/record/severity.ts';
import type { Chance } from '../../chance.ts';

// biome-ignore format: a table
const WORDS = [
  'error', 'Error', 'ERR', 'timeout', 'nccl', 'NCCL', 'Watchdog', 'gpu', 'node-7', 'k', 'K', '\u212a', 'ſ',
  's', 'Straße', 'STRASSE', 'ẞ', 'ΟΔΟΣ', 'οδος', 'οδοσ', 'Σ', 'İstanbul', 'istanbul', 'i̇', 'ı', 'ÀÉ', 'àé',
  'Ångström', '\u212bngström', 'Ωmega', 'ωmega', '\u2126', 'Dž', 'ǆ', 'ǅ', 'Привет', 'ПРИВЕТ', 'привет',
  '日本語', '😀', '𐐀', '𐐨', '\0', 'a\0b', '\n', '\t', '\r', '"', "'", '\\', '\\\\', '\\n', '%', '_', '%_',
  '\\%', '*', '?', '.', '.*', '(', ')', '[', ']', '{', '}', '$', '^', '|', '+', '/', ':', '-', 'AND', 'OR',
  'NOT', 'TO', 'true', 'false', 'null', '{p0:String}', '{q0:String}', '--', ';', '', ' ', '\u00a0',
  '\u2028', '\ufffd', '0', '5', '42', '007', 'resolve', 'resolved', 'connection refused', 'x_y', 'x-y', 'é', 'refused', 'esolve',
  'timeouts', 'Xtimeout7', 'node refused',
  'e\u0301', '\x7f', '\x1b[31m', 'ﬀ', 'ΐ', 'Ⅷ', 'ⅷ', 'Ⓐ', 'ⓐ', 'ᾳ', 'ᾼ',
];

// biome-ignore format: a table
const NUMBERS = [
  '0', '-0', '1', '5', '5.0', '5.5', '-5', '42', '1e3', '1E3', '1e21', '1e-7', '1.5e300', '0.1',
  '0.30000000000000004', '123456789.123456789', '9007199254740993', '9007199254740992',
  '18446744073709551615', '18446744073709551616', '-9223372036854775809', '123456789012345678901234567890',
  '5e-324', '2.2250738585072014e-308', '1.7976931348623157e308', '100000000000000000000', '0.000001',
  '0.0000015', '1000000', '9223372036854775807', '3.14159265358979312', '0.10', '10e-2', '0.10000000000000001',
  '50e-1', '500e-2', '0.5e1', '5.00', '1e-05', '0.00001', '9007199254740992.0', '9.007199254740993e15', '1e0', '-50E-1', '-0.0',
  '1764573600123456789', '1764573600.123456', '10000000000000000000000e-22', '0e5',
];

/** Spellings that a query may have and JSON has not. */
const WRITTEN = ['+5', '.5', '5.', '+1e-05', '-.5e1', '00.10', '1E+3', '+9007199254740993', '007'];

/** The last two are JSON that JavaScript reads and simdjson does not. */
// biome-ignore format: a table
const JSON_VALUES = [
  'true', 'true', 'false', 'false', 'null', 'null', '""', '{}', '[]', '1e400', '"\\ud800"',
];

/** Pieces of regexes, to be put together at random. */
// biome-ignore format: a table
const PIECES = [
  'a', 'e', 'r', 'K', 'σ', '😀', '.', '\\d', '\\w', '\\s', '[a-e]', '[^a]', '[[:upper:]]', '\\pL', '\\b',
  '^', '$', '(', ')', '(?:', '(?i)', '(?i:', '|', '*', '+', '?', '{2}', '{1,3}', '*?', '\\.', '\\*', '-',
  '\\x41',  '\\E', '[', ']', '\\pS', '(?P<n>', '\\1', '(?=', '\\n', '\\a', '\\C', '\\Z', '\\h', '\\R',
  '(?<n>', '\\p{Lu}', '&&', '\\u0041', '\\e', '\\07', '\\8', '{', '}', '{,2}', '\\_', '\\é', ' ',
];

// biome-ignore format: a table
const KEYS = [
  'a', 'b', 'a.b', 'a.b.c', 'k8s.pod.name', 'pod', 'odd key', '', 'Ünï', 'x"y', 'x\\y', '__proto__',
  'length', '0', 'status', 'http', 'nul\0', 'toString', 'b.c', 'status.a.b', 'http.status',
];
// biome-ignore format: a table
const NAMES = [
  ...KEYS, 'a.b', 'a.b.c', 'a.a', 'b.a', 'http.status', 'http.a.b', 'http.status.a.b', 'a.b.b.c', 'pod.a', 'a.b.a', 'a.b.c.a.b.c', 'k8s.pod', 'a..b', '.', 'a.', 'level',
  'timestamp', 'observed_timestamp', 'message', 'severity_text', 'id', 'service', 'machine_id', 'job_id',
  'type', 'trace_id', 'nothing', 'constructor', 'attributes', 'seq',
];

// biome-ignore format: a table
const REGEXES = [
  'error', '^error', 'r$', '(?i)err', '(?i)straße', '(?i)σ', '(?i)k', '[a-z]+', '\\d{2,}', '\\bnode\\b',
  '.', '^.$', '^..$', '^$', 'a.b', '(?s).', '(?-s)^.$', '\\.', '\\/', '[^a-z]', 'é', '^\\p{L}+$', '\\p{Lu}',
  '\\p{Greek}', '[[:alpha:]]', '(a|b|)c?', '\\x00', '\\x{1F600}', '😀', '[😀-😂]', '\\s', '\\S+\\s\\S', '\\w+',
  '\\W', '\\B', 'x*', '(?m)^n', '"', "'", '%', '\\\\',  'null', '^(true|false)$', '^5', '^[0-9.]+$',
  '(?U)a+', '\\pN', '\\z', '\\A',
];

// biome-ignore format: a table
const TIMES = [
  '2026-11-01T00:00:00Z', '2026-11-01T00:00:00.5Z', '2026-11-01', '1793491200', '1793491200123',
  '1793491200123456789', 'now', 'now-15m', '-2h', 'now+1d', '1960-05-05T05:05:05.000000005Z',
  '2026-11-01T02:00:00+02:00',
];

export function randomText(chance: Chance, most = 4): string {
  const separator = chance.pick(['', ' ', ' ', '.', '-']);
  return chance.list(most, () => chance.pick(WORDS)).join(separator);
}

function flipCase(chance: Chance, text: string): string {
  return chance.pick([text, text.toLowerCase(), text.toUpperCase()]);
}

function randomJson(chance: Chance, depth: number): string {
  const blank = chance.pick(['', '', '', ' ', '\t']);
  const kind = chance.below(depth > 0 ? 10 : 7);
  if (kind < 3) return quoted(chance, randomText(chance, 2));
  if (kind < 5) return chance.pick(NUMBERS);
  if (kind < 6) return chance.pick(JSON_VALUES);
  if (kind < 7) return quoted(chance, chance.pick(NUMBERS));
  if (kind < 8) return `[${chance.list(3, () => blank + randomJson(chance, depth - 1)).join(',')}${blank}]`;
  return randomObject(chance, depth - 1, blank);
}

/** Some strings with an escape where none is needed, as senders write them. */
function quoted(chance: Chance, text: string): string {
  const json = JSON.stringify(text);
  if (json.includes('\\') || chance.below(4) > 0) return json;
  return json.replace(/[a-z/é]/, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function randomObject(chance: Chance, depth: number, blank: string): string {
  const keys = new Set(chance.list(4, () => chance.pick(KEYS)));
  const members = Array.from(keys, (key) => `${JSON.stringify(key)}:${blank}${randomJson(chance, depth)}`);
  return `{${members.join(',')}}`;
}

function randomTime(chance: Chance) {
  const seconds = 1793491200 + chance.pick([0, 0, 0, 1, -1, 3600, -86400 * 400, -2_000_000_000]);
  const digits = chance.below(10);
  const nanos = Number(
    chance
      .pick(['000000000', '500000000', '123456789', '000000001', '999999999'])
      .slice(0, digits)
      .padEnd(9, '0'),
  );
  return { seconds, nanos, digits };
}

/** A record as the normalizer could make it. */
export function randomRecord(chance: Chance, seq: number): StoredRecord {
  const columns = Object.fromEntries(INDEXED_FIELDS.map((field) => [field, '']));
  const members: string[] = [];
  for (const field of ['service', 'machine_id', 'job_id', 'type', 'trace_id']) {
    const kind = chance.below(6);
    if (kind < 2) columns[field] = randomText(chance, 1);
    else if (kind === 2)
      members.push(`"${field}":${chance.pick(['null', '""', '{}', '[1,"5"]', '{"a":1}'])}`);
    else if (kind === 3) {
      columns[field] = chance.pick(NUMBERS);
      members.push(`"${field}":${columns[field]}`);
    }
  }
  const own = randomObject(chance, 3, chance.pick(['', '', ' ']));
  const attributes =
    own === '{}' ? `{${members.join(',')}}` : `{${[own.slice(1, -1), ...members].join(',')}}`;
  return {
    ...(columns as Record<(typeof INDEXED_FIELDS)[number], string>),
    seq,
    timestamp: randomTime(chance),
    observed: chance.below(2) === 0 ? undefined : randomTime(chance),
    level: chance.pick(LEVELS),
    severity_text: chance.pick(['', '', 'WARNING', 'Err']),
    message: flipCase(chance, randomText(chance, 6)),
    attributes,
  };
}

function escapePattern(text: string): string {
  return text.replace(/[*?\\]/g, '\\$&');
}

function randomTest(chance: Chance, field: string): Test {
  const time = field === 'timestamp' || field === 'observed_timestamp';
  const value = () => {
    if (time) return chance.pick(TIMES);
    return field === 'level'
      ? chance.pick(['warn', 'WARNING', 'err', 'Info', 'fatal', 'D'])
      : chance.pick(chance.below(4) === 0 ? WRITTEN : NUMBERS);
  };
  const bound = () => ({ value: value(), inclusive: chance.below(2) === 0 });
  switch (chance.below(7)) {
    case 0:
      return { kind: 'present' };
    case 1: {
      const parts = chance.list(3, () => escapePattern(randomText(chance, 1)));
      const pattern = parts.join(chance.pick(['*', '*', '?', '**'])) + chance.pick(['?', '?*', '*?', '*x']);
      return {
        kind: 'wildcard',
        pattern:
          chance.below(2) === 0
            ? pattern
            : `${escapePattern(chance.pick(WORDS))}${chance.pick(['*?', '?', '**'])}`,
      };
    }
    case 2: {
      if (chance.below(3) === 0) {
        const fuzz = chance.list(6, () => chance.pick(PIECES)).join('');
        if (problemOfTest(field, { kind: 'regex', source: fuzz }) === undefined)
          return { kind: 'regex', source: fuzz };
      }
      const source = chance.pick(REGEXES) + chance.pick(['', '', '', '.*e', '[0-9]']);
      return { kind: 'regex', source: source.replaceAll('\\/', '/') };
    }
    case 3:
    case 4: {
      const low = chance.below(3) > 0 ? bound() : undefined;
      return { kind: 'range', low, high: !low || chance.below(2) === 0 ? bound() : undefined };
    }
    default:
      if (time || field === 'level') return { kind: 'equals', value: value() };
      return { kind: 'equals', value: chance.below(2) === 0 ? value() : randomText(chance, 2) };
  }
}

export function randomQuery(chance: Chance, depth = 2): Query {
  const kind = chance.below(depth > 0 ? 10 : 6);
  if (kind < 2) return { kind: 'text', text: flipCase(chance, randomText(chance, 3)) };
  if (kind < 6) {
    const field = chance.pick(NAMES);
    return { kind: 'field', field, test: randomTest(chance, field) };
  }
  if (kind === 6) return negate(randomQuery(chance, depth - 1));
  const parts = [randomQuery(chance, depth - 1), ...chance.list(2, () => randomQuery(chance, depth - 1))];
  return kind < 9 ? allOf(parts) : anyOf(parts);
}
