import { relative, resolve } from 'node:path';
import { endProcess, shareProcess } from './process-end.ts';

// tap names folders of tests (`testdir`) by the arguments of the program, which may be too many for a name.
const files = process.argv.splice(2).map((name) => resolve(name));
const { default: t } = await import('tap');

/** What test files call on tap's `t`. */
const METHODS = [
  'test',
  'plan',
  'setTimeout',
  'before',
  'beforeEach',
  'after',
  'afterEach',
  'teardown',
  'comment',
] as const;

/**
 * Runs the test files of a process one after the other, each as a test of its own: what a file plans, prepares, awaits or tears down
 * concerns it alone. `node build/test/together.js build/test/docs.test.js build/test/imports.test.js`
 */
const run = t.test.bind(t);
shareProcess();
for (const file of files) {
  await run(relative(import.meta.dirname, file), async (fileTest) => {
    for (const method of METHODS) {
      Object.defineProperty(t, method, { value: fileTest[method].bind(fileTest), configurable: true });
    }
    await import(file);
  });
}
await endProcess();
