import { relative } from 'node:path';
import t from 'tap';
import { PROCESSES } from './test-files.ts';

/** Runs the test files of a process one after the other: `node build/test/together.js 'end-to-end 1'`. */
for (const file of PROCESSES.get(process.argv[2]!)!) {
  t.comment(relative(import.meta.dirname, file));
  await import(file);
}
