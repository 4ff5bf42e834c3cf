import { relative } from 'node:path';
import t from 'tap';
import { TOGETHER } from './test-files.ts';

/** Runs the test files of a room that start nothing, one after the other: `node build/test/together.js pipeline`. */
for (const file of TOGETHER.get(process.argv[2]!)!) {
  t.comment(relative(import.meta.dirname, file));
  await import(file);
}
