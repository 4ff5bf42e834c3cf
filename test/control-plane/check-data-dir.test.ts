import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkDataDir } from '../../control-plane/check-data-dir.ts';
import { temporaryFolder } from '../temporary-folder.ts';

t.test(
  'a folder whose name the engine reads as a pattern is refused: it would store and export nothing',
  async (t) => {
    for (const name of ['{a,b}', 'a*', '}']) {
      const folder = join(temporaryFolder(), name);
      await t.rejects(checkDataDir(folder), /DATA_DIR: expected a path without/);
      t.notOk(existsSync(folder));
    }
    for (const name of ['a b', '100%', 'w?y', "q'u", 'ü', '[x]'])
      await checkDataDir(join(temporaryFolder(), name));
  },
);
