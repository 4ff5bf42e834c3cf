import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { readConfig, SETTINGS } from '../control-plane/config.ts';
import { STATUS } from '../control-plane/http/error-response.ts';
import { PROJECT_FOLDER } from './project-folder.ts';

const readme = readFileSync(resolve(PROJECT_FOLDER, 'README.md'), 'utf8');

/** Rows of the table that follows a heading, as cells. */
function tableAfter(mark: string): string[][] {
  const [, rest = ''] = readme.split(mark);
  const table = rest.split('\n\n').find((part) => part.includes('|---')) ?? '';
  return table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''))
        .slice(1, -1),
    );
}

t.test('the settings table names every setting and its default', async (t) => {
  const rows = tableAfter('## Settings');
  t.same(rows.map(([name]) => name).sort(), Object.keys(SETTINGS.shape).sort());
  const defaults: Record<string, unknown> = readConfig({});
  for (const [name = '', written = ''] of rows) {
    const value = defaults[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0))
      t.match(written, /^(unset|built-in|generated)/, name);
    else if (value === '') t.equal(written, 'empty', name);
    else if (name !== 'MACHINE_ID') t.equal(written, String(value), name);
  }
});

t.test('the status table names every status that errors have', async (t) => {
  const statuses = tableAfter('Every error is').map(([status]) => Number(status));
  t.same(statuses, [...Object.values(STATUS), 405].sort());
});
