import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../../pipeline/runtime/package-root.ts';

/** The version in `package.json`. */
export function packageVersion(): string {
  const text = readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
