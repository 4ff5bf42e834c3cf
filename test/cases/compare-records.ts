import type { ExpectedRecord } from './read-cases.ts';

export type FoundRecord = Readonly<Record<string, unknown>>;

/** Says how the records differ from the expected ones, in whatever order they come; '' where they do not. */
export function differences(found: readonly FoundRecord[], expected: readonly ExpectedRecord[]): string {
  const rest = [...found];
  const missing: ExpectedRecord[] = [];
  for (const wanted of expected) {
    const at = rest.findIndex((record) => matches(record, wanted));
    if (at < 0) missing.push(wanted);
    else rest.splice(at, 1);
  }
  return [
    ...missing.map((record) => `missing ${JSON.stringify(record)}`),
    ...rest.map((record) => `unexpected ${JSON.stringify(record).slice(0, 600)}`),
  ].join('\n');
}

function matches(record: FoundRecord, wanted: ExpectedRecord): boolean {
  return Object.entries(wanted).every(([key, value]) => matchesField(record, key, value));
}

function matchesField(record: FoundRecord, key: string, value: unknown): boolean {
  switch (key) {
    case 'level':
      return String(value).split('|').includes(String(record.level));
    case 'timestamp':
      return String(record.timestamp).startsWith(String(value));
    case 'lines':
      return String(record.message).split('\n').length === value;
    default:
      return JSON.stringify(fieldOf(record, key)) === JSON.stringify(value);
  }
}

function fieldOf(record: FoundRecord, key: string): unknown {
  const { attributes } = record as { attributes?: Record<string, unknown> };
  return record[key] ?? attributes?.[key];
}
