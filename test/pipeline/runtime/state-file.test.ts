import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadState, saveState } from '../../../pipeline/runtime/state-file.ts';
import { Chance } from '../../chance.ts';

t.test('gives back what was saved last, in a folder that is made', async (t) => {
  const path = join(t.testdir(), 'a', 'b', 'state');
  t.equal(await loadState(path), undefined);
  for (const text of ['{"offset":1}', 'two\nlines\n', '']) {
    await saveState(path, text);
    t.equal(await loadState(path), text);
  }
});

t.test('takes one of an earlier release as it is', async (t) => {
  const path = join(t.testdir({ state: '{"offset":1}' }), 'state');
  t.equal(await loadState(path), '{"offset":1}');
});

t.test('no change of a saved file passes for another state', async (t) => {
  const path = join(t.testdir(), 'state');
  const text = JSON.stringify([{ path: '/var/log/a', offset: 123_456 }]);
  await saveState(path, text);
  const saved = readFileSync(path);
  const chance = new Chance(1);
  for (let round = 0; round < 500; round++) {
    let bytes: Buffer = Buffer.from(saved);
    if (chance.below(3) === 0) bytes = bytes.subarray(0, chance.below(bytes.length));
    else if (chance.below(2) === 0) bytes.fill(0, chance.below(bytes.length));
    else bytes[chance.below(bytes.length)]! ^= 1 << chance.below(8);
    writeFileSync(path, bytes);
    const loaded = await loadState(path)
      .then(
        (given) => JSON.parse(given!),
        () => 'refused',
      )
      .catch(() => 'refused');
    if (loaded !== 'refused') t.equal(JSON.stringify(loaded), text, `round ${round}`);
  }
});
