import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { PROJECT_FOLDER } from '../project-folder.ts';

const folder = resolve(PROJECT_FOLDER, 'docker');

export interface ComposeService {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly deploy?: { readonly resources: { readonly limits: { readonly memory: string } } };
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
}

export const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

/** The variables that `.env.example` sets; what is secret there is filled in. */
export const example: Record<string, string> = Object.fromEntries(
  Object.entries(parseEnv(read('.env.example'))).map(([name, value]) => [name, value || 'secret'] as const),
);

/** A compose file as docker reads it: `${NAME:-default}` and `${NAME:?…}` are filled from `.env.example`. */
export function readCompose(name: string): { services: Record<string, ComposeService> } {
  const text = read(name).replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, variable, kind, rest) => {
    const value = example[variable];
    if (value === undefined && kind === '?')
      throw new Error(`${name}: .env.example does not set ${variable}`);
    return value ?? (kind === '-' ? rest : '');
  });
  return parse(text, { merge: true });
}
