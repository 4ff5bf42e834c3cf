import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { PROJECT_FOLDER } from '../../project-folder.ts';

const source = resolve(PROJECT_FOLDER, 'control-plane');

t.test('every route is declared through Api, which documents it', async (t) => {
  const undocumented = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'http/api.ts')
    .flatMap((file) => {
      const text = readFileSync(resolve(source, file), 'utf8');
      const calls = text.matchAll(
        /\brouter\s*\.\s*(all|get|post|put|patch|delete|use)\(\s*(?:'[\w]+',\s*)?'([^']+)'/g,
      );
      return [...calls].map(([, method, path]) => `${file}: ${method} ${path}`);
    });
  t.same(undocumented, [], 'routes that /openapi.json does not know');
});
