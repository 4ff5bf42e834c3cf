import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROJECT_FOLDER } from '../project-folder.ts';

/** Lines as people's programs write them, with the records that they should give. They stand outside the project. */
export const CASES_FOLDER = resolve(PROJECT_FOLDER, '../shared/data/cases');

/** `level` may name alternatives (`A|B`), `timestamp` is a prefix, `lines` counts the message's lines; other fields are exact. */
export type ExpectedRecord = Readonly<Record<string, unknown>>;

/** What an input holds: lines of a file, records as Fluent Bit ships them, an OTLP request, or records of docker's fluentd driver. */
export type InputKind = 'lines' | 'records' | 'otlp' | 'forward';

export interface Case {
  readonly name: string;
  readonly kind: InputKind;
  /** Its bytes, one character each. */
  readonly input: string;
  readonly expected: readonly ExpectedRecord[];
}

export const hasCases = existsSync(CASES_FOLDER);

export function readCases(): Case[] {
  if (!hasCases) return [];
  const folders = readdirSync(CASES_FOLDER).filter((name) =>
    existsSync(join(CASES_FOLDER, name, 'expected.json')),
  );
  return folders.flatMap((name) => (name === 'controls-collector' ? readControls(name) : [readCase(name)]));
}

function readCase(name: string): Case {
  const folder = join(CASES_FOLDER, name);
  const file = readdirSync(folder).find((entry) => entry.startsWith('input.'))!;
  const input = readFileSync(join(folder, file), 'latin1');
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as ExpectedRecord[];
  return { name, kind: kindOf(file, input), input, expected };
}

/** A folder with many inputs: `expected.json` names the records by file. */
function readControls(name: string): Case[] {
  const folder = join(CASES_FOLDER, name);
  const files = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
    string,
    ExpectedRecord[]
  >;
  return Object.entries(files).map(([file, expected]) => ({
    name: `${name}/${file}`,
    kind: 'lines',
    input: readFileSync(join(folder, file), 'latin1'),
    expected,
  }));
}

function kindOf(file: string, input: string): InputKind {
  if (file.endsWith('.log')) return 'lines';
  if (file.endsWith('.ndjson')) return 'records';
  return input.includes('"resourceLogs"') ? 'otlp' : 'forward';
}
