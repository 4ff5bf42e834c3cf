import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import t from 'tap';
import { PROCESSES, STARTS_NOTHING } from './test-files.ts';

const TIMEOUT_MILLISECONDS = 1_200_000;
const together = resolve(import.meta.dirname, 'together.js');

/**
 * Runs every test file, compiled, without tap's loaders: they serve mocks and tap's own coverage, and take a second of CPU where a test
 * imports the server.
 */
t.setTimeout(0);
t.jobs = Math.max(availableParallelism(), 2);
// The long ones first, so that no core waits for the last one.
const processes = [...PROCESSES].sort(
  ([one], [other]) => Number(one.endsWith(STARTS_NOTHING)) - Number(other.endsWith(STARTS_NOTHING)),
);
for (const [name, files] of processes) {
  const program = files.length === 1 ? files : [together, ...files];
  const command = ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps', ...program];
  void t.spawn('env', command, { buffered: true, timeout: TIMEOUT_MILLISECONDS }, name);
}
