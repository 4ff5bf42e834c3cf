import t from 'tap';
import { temporaryFolder } from '../../temporary-folder.ts';
import { compareSelections } from './compare-selections.ts';

const QUERIES = 800;

/** The long form is `npm run drills -- queries`. */
t.test('SQL and predicate select the same records, and printing a query keeps it', async (t) => {
  const { wrong, unlike, selective, selected } = await compareSelections({
    folder: temporaryFolder(),
    seed: 20_261_101,
    queries: QUERIES,
  });
  t.strictSame(unlike.slice(0, 20), [], 'parsing the printed query gives it back');
  t.strictSame(wrong.slice(0, 20), [], `${wrong.length} queries differ`);
  t.ok(
    selective > QUERIES / 4,
    `${selective} queries select some records and not others, ${selected} in all`,
  );
});
