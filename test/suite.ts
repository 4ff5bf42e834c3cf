import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import t from 'tap';
import { PROCESSES } from './test-files.ts';

const TIMEOUT_MILLISECONDS = 1_200_000;
const together = resolve(import.meta.dirname, 'together.js');

/**
 * Runs every test file, compiled, without tap's loaders: they serve mocks and tap's own coverage, and take a second of CPU where a test
 * imports the server.
 */
t.setTimeout(0);
t.jobs = Math.max(availableParallelism(), 2);
for (const [name, files] of PROCESSES) {
  const program = files.length === 1 ? files : [together, ...files];
  const command = ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps', ...program];
  void t.spawn('env', command, { buffered: true, timeout: TIMEOUT_MILLISECONDS }, name);
}
