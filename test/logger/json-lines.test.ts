import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createLogger } from '../../logger/logger.ts';
import { SPECIAL_CHARACTERS } from '../../pipeline/record/special-characters.ts';

t.test('a line holds no character that a terminal obeys, and is the same JSON', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ dir });
  const hostile = 'a\u001b[31m\u009b2J\u007f\u0085\u202eb\u2066\u200b\r\n{"level":"ERROR"}';
  logger.info(hostile, { user_agent: hostile });
  await logger.close();
  const text = readFileSync(join(dir, 'api.log'), 'utf8');
  t.equal(text.split('\n').length, 2, 'one line');
  t.notOk(SPECIAL_CHARACTERS.test(text.trimEnd()));
  t.match(JSON.parse(text), { message: hostile, user_agent: hostile });
});
