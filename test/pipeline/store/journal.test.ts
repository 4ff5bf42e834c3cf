import { appendFileSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Journal, type JournalOptions } from '../../../pipeline/store/journal.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

/** A table whose inserts the test can refuse, and the folder of its journals. */
function createTable() {
  const folder = temporaryFolder();
  const table = {
    inserts: [] as string[],
    places: [] as number[],
    refusal: undefined as Error | undefined,
    asked: [] as number[],
    damage: [] as string[],
  };
  const open = (options: Partial<JournalOptions> = {}) =>
    new Journal({
      folder,
      partitionOf: (last) => Math.floor(last / 1_000),
      store: async (path) => {
        const text = readFileSync(path, 'utf8');
        if (table.refusal) throw table.refusal;
        table.inserts.push(text);
        for (const [place] of text.matchAll(/\d+/g)) table.places.push(Number(place));
      },
      isStored: async (last) => {
        table.asked.push(last);
        return table.places.includes(last);
      },
      isDamage: (error) => (error as Error).message === 'damaged',
      onDamage: (message) => table.damage.push(message),
      gatherMilliseconds: 3_600_000,
      retryMilliseconds: 5,
      ...options,
    });
  return { table, folder, open };
}

/** Rows whose text is their places. */
const rows = (...places: number[]) => ({
  pieces: places.map((place) => Buffer.from(`${place} `)),
  count: places.length,
  last: places.at(-1)!,
});

t.test('what was appended is stored with one insert when somebody asks', async (t) => {
  const { table, open } = createTable();
  const journal = open();
  await journal.settle();
  t.same(table.inserts, []);
  await Promise.all([journal.append(rows(1, 2)), journal.append(rows(3))]);
  t.equal(journal.rows, 3);
  t.same(table.inserts, []);
  await Promise.all([journal.settle(), journal.settle()]);
  t.same(table.inserts, ['1 2 3 ']);
  t.equal(journal.rows, 0);
  await journal.append(rows(4));
  await journal.settle();
  t.same(table.inserts, ['1 2 3 ', '4 '], 'a file that is used again holds nothing of before');
  await journal.close();
});

t.test('rows of two partitions go apart, many rows go at once, others after a while', async (t) => {
  const { table, open } = createTable();
  const journal = open({ mostRows: 3, gatherMilliseconds: 5 });
  // At once, so that no row waits for others before they are there, however slow the machine is.
  const all = [rows(999), rows(1_000), rows(1_001, 1_002), rows(1_003)];
  await Promise.all(all.map((blocks) => journal.append(blocks)));
  while (table.inserts.length < 3) await new Promise((resolve) => setImmediate(resolve));
  t.same(table.inserts, ['999 ', '1000 1001 1002 ', '1003 ']);
  await journal.close();
});

t.test('what a process leaves behind is stored once', async (t) => {
  const { table, folder, open } = createTable();
  const first = open();
  await first.append(rows(1, 2));
  await first.append(rows(3));
  // It is killed: in the middle of an append, and before an append was whole.
  appendFileSync(join(folder, '7'), '99 ');
  const [file] = readdirSync(folder).filter(
    (name) => name.endsWith('.ends') && readFileSync(join(folder, name)).length,
  );
  appendFileSync(join(folder, file!), Buffer.alloc(10, 1));

  const second = open();
  await second.append(rows(4));
  await second.settle();
  t.same(table.places.toSorted(), [1, 2, 3, 4]);
  t.same(table.asked, [3, 3], 'before and after');
  await second.close();

  const third = open();
  await third.settle();
  t.same(table.places.toSorted(), [1, 2, 3, 4]);
  await third.close();
});

t.test('an insert that was done before the process died is not done again', async (t) => {
  const { table, open } = createTable();
  const first = open();
  await first.append(rows(1, 2));
  table.places.push(1, 2);
  const second = open();
  await second.settle();
  t.same(table.inserts, []);
  t.same(table.asked, [2]);
  await second.append(rows(3));
  await second.settle();
  t.same(table.inserts, ['3 ']);
  await second.close();
});

t.test(
  'while nothing can be stored, rows are taken as long as there is room, and readers are told',
  async (t) => {
    const { table, open } = createTable();
    const journal = open({ mostRows: 1 });
    table.refusal = new Error('no space');
    let taken = 0;
    await t.rejects(async () => {
      for (; taken < 100; taken++) await journal.append(rows(taken + 1));
    }, /no space/);
    t.equal(taken, 8, 'as many as there are files');
    t.equal(journal.rows, 8);
    await t.rejects(journal.settle(), /no space/);
    t.equal(journal.problem, 'no space');

    table.refusal = undefined;
    while (journal.problem !== undefined) await new Promise((resolve) => setImmediate(resolve));
    await journal.append(rows(9));
    await journal.settle();
    t.same(table.places.toSorted(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await journal.close();
  },
);

t.test('an insert that failed and was done all the same is not repeated', async (t) => {
  const { table, open } = createTable();
  const journal = open();
  await journal.append(rows(1));
  table.refusal = new Error('answer lost');
  await t.rejects(journal.settle(), /answer lost/);
  table.places.push(1);
  while (journal.rows > 0) await new Promise((resolve) => setImmediate(resolve));
  t.same(table.inserts, []);
  await journal.close();
});

t.test('a stop leaves what cannot be stored for the next start', async (t) => {
  const { table, open } = createTable();
  const first = open();
  await first.append(rows(1));
  table.refusal = new Error('no space');
  await first.close();
  table.refusal = undefined;
  const second = open();
  await second.settle();
  t.same(table.places, [1]);
  await second.close();
});

t.test('a file that cannot be read is set aside and told, and hinders nothing', async (t) => {
  const { table, folder, open } = createTable();
  await open().append(rows(1, 2));
  table.refusal = new Error('damaged');
  const second = open();
  await second.settle();
  t.match(table.damage, [/^2 records of a file that is damaged are missing; it was set aside: .*damaged/]);
  t.equal(readdirSync(folder).filter((name) => name.includes('damaged')).length, 1);
  table.refusal = undefined;
  await second.append(rows(3));
  await second.settle();
  t.same(table.places, [3]);
  await second.close();
});

t.test('a file that lost its end keeps the appends that are whole', async (t) => {
  const { table, folder, open } = createTable();
  const first = open();
  await first.append(rows(1));
  await first.append(rows(2, 3));
  const [name] = readdirSync(folder).filter(
    (name) => /^\d$/.test(name) && readFileSync(join(folder, name)).length,
  );
  truncateSync(join(folder, name!), 4);
  const second = open();
  await second.settle();
  t.same(table.places, [1]);
  await second.close();
});
