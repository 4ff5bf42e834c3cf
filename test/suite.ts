import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import t from 'tap';
import { ALONE, TOGETHER } from './test-files.ts';

const TIMEOUT_MILLISECONDS = 300_000;

/**
 * Runs every test file, compiled, without tap's loaders: they serve mocks and tap's own coverage, and take a second of CPU where a test
 * imports the server.
 */
t.setTimeout(0);
t.jobs = Math.max(availableParallelism(), 2);
for (const file of ALONE) run(relative(import.meta.dirname, file), file);
for (const room of TOGETHER.keys())
  run(`${room}: files that start nothing`, resolve(import.meta.dirname, 'together.js'), room);

function run(name: string, ...args: readonly string[]): void {
  const command = ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps', ...args];
  void t.spawn('env', command, { buffered: true, timeout: TIMEOUT_MILLISECONDS }, name);
}
