import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Journal, type JournalOptions } from '../../../pipeline/store/journal.ts';
import { readFrames } from '../../../pipeline/store/journal-frame.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { readNativeRows, nativeRows as rows } from './native-rows.ts';

const HOUR = 3_600_000;

/** A table whose inserts the test can refuse, and the folder of its journals. */
function createTable() {
  const folder = temporaryFolder();
  const table = {
    inserts: [] as number[][],
    seqs: [] as number[],
    refusal: undefined as Error | undefined,
    syncRefusal: undefined as Error | undefined,
    syncs: 0,
    asked: [] as number[],
    damage: [] as string[],
  };
  const open = (options: Partial<JournalOptions> = {}) =>
    new Journal({
      folder,
      partitionOf: (last) => Math.floor(last / 1_000),
      store: async (path) => {
        const seqs = readNativeRows(readFileSync(path));
        if (table.refusal) throw table.refusal;
        table.inserts.push(seqs);
        table.seqs.push(...seqs);
      },
      isStored: async (first, last) => {
        table.asked.push(last);
        return table.seqs.some((seq) => seq >= first && seq <= last);
      },
      isDamage: (error) => (error as Error).message === 'damaged',
      onDamage: (message) => table.damage.push(message),
      syncAppends: true,
      syncTables: async () => {
        if (table.syncRefusal) throw table.syncRefusal;
        table.syncs++;
      },
      gatherMilliseconds: HOUR,
      checkpointMilliseconds: HOUR,
      retryMilliseconds: 5,
      ...options,
    });
  /** What a process that is killed leaves; every change of the bytes is made to the first file of these. */
  const leave = async (appends: readonly (readonly number[])[], change: (bytes: Buffer) => unknown) => {
    const journal = open();
    for (const seqs of appends) await journal.append(rows(...seqs));
    const path = usedFile(folder);
    const bytes = readFileSync(path);
    const changed = change(bytes);
    writeFileSync(path, Buffer.isBuffer(changed) ? changed : bytes);
    return path;
  };
  return { table, folder, open, leave };
}

function usedFile(folder: string): string {
  const name = readdirSync(folder).find(
    (file) => /^\d+$/.test(file) && readFileSync(join(folder, file)).length > 0,
  );
  return join(folder, name!);
}

const eventLoopRound = () => new Promise((resolve) => setImmediate(resolve));

t.test('what was appended is stored with one insert when somebody asks', async (t) => {
  const { table, open } = createTable();
  const journal = open();
  await journal.flush();
  t.same(table.inserts, []);
  t.equal(await journal.last(), 0);
  await Promise.all([journal.append(rows(1, 2)), journal.append(rows(3))]);
  t.equal(journal.rows, 3);
  t.equal(await journal.last(), 3);
  t.same(table.inserts, []);
  await Promise.all([journal.flush(), journal.flush()]);
  t.same(table.inserts, [[1, 2, 3]]);
  t.equal(journal.rows, 0);
  await journal.append(rows(4));
  await journal.flush();
  t.same(table.inserts, [[1, 2, 3], [4]]);
  await journal.close();
  t.equal(await open().last(), 4, 'the checkpoint knows');
});

t.test('rows of two partitions go apart, many rows go at once, others after a while', async (t) => {
  const { table, open } = createTable();
  const journal = open({ maxRows: 3, gatherMilliseconds: 5 });
  // At once, so that no row waits for others before they are there, however slow the machine is.
  const all = [rows(999), rows(1_000), rows(1_001, 1_002), rows(1_003)];
  await Promise.all(all.map((blocks) => journal.append(blocks)));
  while (table.inserts.length < 3) await eventLoopRound();
  t.same(table.inserts, [[999], [1_000, 1_001, 1_002], [1_003]]);
  await journal.close();
});

t.test('a file that is used again gives none of its old rows, however many it had', async (t) => {
  const { table, folder, open } = createTable();
  const journal = open({ checkpointMilliseconds: 1 });
  for (let round = 0; round < 40; round++) {
    const first = round * 10 + 1;
    const seqs = Array.from({ length: round % 2 === 0 ? 9 : 1 }, (_, index) => first + index);
    await journal.append(rows(...seqs));
    await journal.flush();
    t.same(table.inserts.at(-1), seqs);
    // It is killed here, and the next process looks at what it left.
    const copy = temporaryFolder();
    for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name));
    const stored = table.seqs.length;
    const next = open({ folder: copy });
    await next.flush();
    t.equal(table.seqs.length, stored, 'nothing is stored twice');
    await next.close();
  }
  t.ok(table.syncs > 0);
  t.same(table.damage, []);
  await journal.close();
});

t.test('a file is used again only when the tables are on the disk', async (t) => {
  const { table, folder, open } = createTable();
  table.syncRefusal = new Error('disk is gone');
  const journal = open({ maxRows: 1, retryMilliseconds: HOUR });
  for (let seq = 1; seq <= 16; seq++) {
    await journal.append(rows(seq));
    await journal.flush().catch(() => {});
  }
  await t.rejects(journal.append(rows(17)), /disk is gone/);
  t.equal(journal.problem, 'disk is gone');
  const held = readdirSync(folder).flatMap((name) =>
    /^\d+$/.test(name) ? readFrames(readFileSync(join(folder, name))).map(({ last }) => last) : [],
  );
  t.same(
    held.sort((a, b) => a - b),
    Array.from({ length: 16 }, (_, index) => index + 1),
  );
  // A power cut takes what the tables had: the journal has all of it.
  table.seqs = [];
  table.syncRefusal = undefined;
  const second = open();
  await second.flush();
  t.same(
    table.seqs.sort((a, b) => a - b),
    Array.from({ length: 16 }, (_, index) => index + 1),
  );
  await second.close();
});

t.test('behind a checkpoint nothing is stored again, though the rows were deleted since', async (t) => {
  const { table, open } = createTable();
  const journal = open({ checkpointMilliseconds: 1 });
  await journal.append(rows(1, 2));
  await journal.flush();
  while (table.syncs === 0) await eventLoopRound();
  await journal.append(rows(3));
  table.seqs = [];
  const second = open();
  await second.flush();
  t.same(table.seqs, [3]);
  await second.close();
  await journal.close();
});

t.test('what a process leaves behind is stored once', async (t) => {
  const { table, open, leave } = createTable();
  // It is killed in the middle of an append.
  await leave([[1, 2], [3], [4, 5]], (bytes) => bytes.subarray(0, bytes.length - 1));
  const second = open();
  t.equal(await second.last(), 3);
  await second.append(rows(6));
  await second.flush();
  t.same(table.seqs.toSorted(), [1, 2, 3, 6]);
  t.same(table.asked, [3]);
  t.match(table.damage, [/^the last 2 records in the file .* are not whole/]);
  await second.close();
  const third = open();
  await third.flush();
  t.same(table.seqs.toSorted(), [1, 2, 3, 6]);
  await third.close();
});

t.test('an insert that was done before the process died is not done again', async (t) => {
  const { table, open } = createTable();
  await open().append(rows(1, 2));
  table.seqs.push(1, 2);
  const second = open();
  await second.flush();
  t.same(table.inserts, []);
  t.same(table.asked, [2]);
  await second.append(rows(3));
  await second.flush();
  t.same(table.inserts, [[3]]);
  await second.close();
});

t.test('while nothing can be stored, rows are taken as long as there is room', async (t) => {
  const { table, open } = createTable();
  const journal = open({ maxRows: 1 });
  table.refusal = new Error('no space');
  let taken = 0;
  await t.rejects(async () => {
    for (; taken < 100; taken++) await journal.append(rows(taken + 1));
  }, /no space/);
  t.equal(taken, 16, 'as many as there are files');
  t.equal(journal.rows, 16);
  await t.rejects(journal.flush(), /no space/);
  t.equal(journal.problem, 'no space');

  table.refusal = undefined;
  while (journal.problem !== undefined) await eventLoopRound();
  await journal.append(rows(17));
  await journal.flush();
  t.same(
    table.seqs.sort((a, b) => a - b),
    Array.from({ length: 17 }, (_, index) => index + 1),
  );
  await journal.close();
});

t.test('what keeps rows from being stored is said until they are', async (t) => {
  const { table, open } = createTable();
  const waiting: (() => void)[] = [];
  const isStored = async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return false;
  };
  const journal = open({ isStored, retryMilliseconds: HOUR });
  await journal.append(rows(1));
  table.refusal = new Error('no space');
  await t.rejects(journal.flush(), /no space/);
  const attempt = journal.flush();
  while (waiting.length === 0) await eventLoopRound();
  t.equal(journal.problem, 'no space', 'also while it is tried again');
  table.refusal = undefined;
  waiting[0]!();
  await attempt;
  t.equal(journal.problem, undefined);
  await journal.close();
});

t.test('an insert that failed and was done all the same is not repeated', async (t) => {
  const { table, open } = createTable();
  const journal = open();
  await journal.append(rows(1));
  table.refusal = new Error('answer lost');
  await t.rejects(journal.flush(), /answer lost/);
  table.seqs.push(1);
  while (journal.rows > 0) await eventLoopRound();
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
  await second.flush();
  t.same(table.seqs, [1]);
  await second.close();
});

t.test('rows that the engine cannot read are set aside and hinder nothing', async (t) => {
  const { table, folder, open } = createTable();
  await open().append(rows(1, 2));
  table.refusal = new Error('damaged');
  const second = open();
  await second.flush();
  t.match(table.damage, [
    /^2 records of the journal's file .* cannot be stored \(damaged\); it was set aside/,
  ]);
  t.equal(readdirSync(folder).filter((name) => name.includes('damaged')).length, 1);
  table.refusal = undefined;
  await second.append(rows(3));
  await second.flush();
  t.same(table.seqs, [3]);
  await second.close();
});

t.test('damage costs the records that it hits, is reported, and never hinders a start', async (t) => {
  const appends = [[1, 2], [3], [4, 5]];
  const second = (bytes: Buffer) => readFrames(bytes)[1]!;
  const cases: Record<string, [change: (bytes: Buffer) => unknown, stored: number[], reported: RegExp]> = {
    'in the middle': [
      (bytes) => void bytes.fill(0xab, second(bytes).offset, second(bytes).offset + 20),
      [1, 2, 4, 5],
      /1 records in the file .* cannot be read and are lost; 4 others/,
    ],
    'at the beginning': [(bytes) => void bytes.fill(0, 0, 10), [3, 4, 5], /2 records .* are lost; 3 others/],
    'everywhere: zeros': [(bytes) => void bytes.fill(0), [], /cannot be read .* and was set aside/],
    'everywhere: other bytes': [
      () => Buffer.from('no rows at all'),
      [],
      /cannot be read .* and was set aside/,
    ],
    'at the end': [
      (bytes) => void bytes.fill(1, bytes.length - 3),
      [1, 2, 3],
      /the last 2 records .* are not whole/,
    ],
    'behind the end': [(bytes) => Buffer.concat([bytes, Buffer.alloc(50, 7)]), [1, 2, 3, 4, 5], /^$/],
  };
  for (const [name, [change, stored, reported]] of Object.entries(cases)) {
    const { table, open, leave } = createTable();
    await leave(appends, change);
    const journal = open();
    await journal.flush();
    t.same(table.seqs, stored, name);
    t.match(table.damage.join(), reported, name);
    await journal.append(rows(6));
    await journal.flush();
    t.same(table.seqs, [...stored, 6], name);
    await journal.close();
    const after = open();
    await after.flush();
    t.same(table.seqs, [...stored, 6], name);
    await after.close();
  }
});

t.test('files that were swapped, copied, put back or are none', async (t) => {
  const { table, folder, open, leave } = createTable();
  const path = await leave([[1, 2], [3]], () => {});
  copyFileSync(path, join(folder, '3'));
  renameSync(path, join(folder, '7'));
  mkdirSync(join(folder, '5'));
  writeFileSync(join(folder, 'notes.txt'), 'not mine');
  const old = readFileSync(join(folder, '7'));
  const journal = open();
  await journal.flush();
  t.same(table.seqs, [1, 2, 3]);
  t.match(table.damage, [/the file .*5 of the journal cannot be read/]);
  await journal.close();
  writeFileSync(join(folder, '2'), old);
  table.seqs = [];
  const later = open();
  await later.flush();
  t.same(table.seqs, [], 'the checkpoint knows that it is old');
  await later.close();
});

t.test('a checkpoint that cannot be read is reported; rows that are stored are asked for', async (t) => {
  const { table, folder, open } = createTable();
  const first = open({ checkpointMilliseconds: 1 });
  await first.append(rows(1));
  await first.flush();
  while (table.syncs === 0) await eventLoopRound();
  await first.append(rows(2));
  writeFileSync(join(folder, 'checkpoint'), Buffer.alloc(32, 9));
  const second = open();
  await second.flush();
  t.match(table.damage, [/checkpoint cannot be read/]);
  t.same(table.seqs, [1, 2]);
  await second.close();
  await first.close();
  t.same(await open().last(), 2);
});

t.test('no more than eight damaged files are kept', async (t) => {
  const { folder, open } = createTable();
  for (let round = 0; round < 12; round++) {
    writeFileSync(join(folder, '0'), 'damage');
    const journal = open();
    await journal.flush();
    await journal.close();
  }
  t.ok(readdirSync(folder).filter((name) => name.includes('damaged')).length <= 8);
});

t.test('what version 0.1.0 left is stored', async (t) => {
  const { table, folder, open } = createTable();
  const appends = [rows(1, 2), rows(3)];
  const ends: Buffer[] = [];
  const bytes = appends.map(({ pieces }) => Buffer.concat(pieces));
  for (const [index, { count, last }] of appends.entries()) {
    const end = Buffer.alloc(24);
    end.writeDoubleLE(Buffer.concat(bytes.slice(0, index + 1)).length, 0);
    end.writeDoubleLE(count, 8);
    end.writeDoubleLE(last, 16);
    ends.push(end);
  }
  writeFileSync(join(folder, '0'), Buffer.concat([...bytes, Buffer.from('cut off')]));
  writeFileSync(join(folder, '0.ends'), Buffer.concat([...ends, Buffer.alloc(10, 1)]));
  writeFileSync(join(folder, '1'), '');
  writeFileSync(join(folder, '1.ends'), '');
  const journal = open();
  await journal.flush();
  t.same(table.seqs, [1, 2, 3]);
  t.same(table.damage, []);
  await journal.close();
  t.notOk(readdirSync(folder).some((name) => name.endsWith('.ends')));
});

t.test('rows whose last one was deleted since are not stored a second time', async (t) => {
  const { table, open } = createTable();
  const journal = open();
  await journal.append(rows(1, 2));
  await journal.append(rows(3));
  await journal.flush();
  table.seqs.pop();
  await open().flush();
  t.same(table.seqs, [1, 2]);
});

t.test('what was deleted behind a checkpoint does not come back', async (t) => {
  const { table, open } = createTable();
  const journal = open();
  await journal.append(rows(1, 2));
  await journal.flush();
  await journal.append(rows(3));
  await Promise.all([journal.checkpoint(), journal.checkpoint()]);
  t.ok(table.syncs > 0, 'the tables are on the disk');
  table.seqs.length = 0;
  await open().flush();
  t.same(table.seqs, []);
  table.syncRefusal = new Error('no disk');
  await journal.append(rows(4));
  await t.rejects(journal.checkpoint(), /no disk/);
});
