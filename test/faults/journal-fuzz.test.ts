import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { fuzzJournal } from './journal-fuzz.ts';

t.test('a damaged journal gives what is whole, once, says what it lost, and always starts', async (t) => {
  const { problems, gone, reported } = await fuzzJournal({
    folder: temporaryFolder(),
    seed: 1,
    mutations: 300,
  });
  t.same(problems, []);
  t.ok(gone > 0, `${gone} rows were gone with what was damaged`);
  t.ok(reported > 0, `${reported} starts reported something`);
});
