import { readFileSync } from 'node:fs';

/** The version in `package.json`, which stands one folder further away from the built files. */
export function packageVersion(): string {
  const packageFile = new URL(
    import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
    import.meta.url,
  );
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
