import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { memoryLimit } from '../../../control-plane/server/memory-limit.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const GIB = 1024 ** 3;
const NO_LIMIT = '9223372036854771712\n';

/** A machine of 8 GiB with these files of control groups. */
function machine(ownGroups: string, files: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const cgroupFolder = join(folder, 'cgroup');
  writeFileSync(join(folder, 'own'), ownGroups);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cgroupFolder, name)), { recursive: true });
    writeFileSync(join(cgroupFolder, name), text);
  }
  return { cgroupFolder, ownGroups: join(folder, 'own'), machineBytes: 8 * GIB };
}

const V1 = '5:cpu,cpuacct:/a\n4:memory:/a/b\n';
const V2 = '0::/a/b\n';

t.test('the limit is what the group or the machine has', async (t) => {
  const cases: [name: string, source: ReturnType<typeof machine>, bytes: number][] = [
    ['no group at all', machine(''), 8 * GIB],
    ['groups that nothing is known of', machine(`${V1}${V2}`), 8 * GIB],
    ['version 1', machine(V1, { 'memory/a/b/memory.limit_in_bytes': `${GIB}\n` }), GIB],
    ['version 1 without a limit', machine(V1, { 'memory/a/b/memory.limit_in_bytes': NO_LIMIT }), 8 * GIB],
    [
      'version 1, a group above allows less',
      machine(V1, {
        'memory/a/b/memory.limit_in_bytes': NO_LIMIT,
        'memory/a/memory.limit_in_bytes': `${GIB}\n`,
      }),
      GIB,
    ],
    ['version 1 in a container', machine(V1, { 'memory/memory.limit_in_bytes': `${2 * GIB}\n` }), 2 * GIB],
    ['version 2', machine(V2, { 'a/b/memory.max': `${GIB}\n` }), GIB],
    ['version 2 without a limit', machine(V2, { 'a/b/memory.max': 'max\n' }), 8 * GIB],
    ['version 2, a group above', machine(V2, { 'a/b/memory.max': 'max\n', 'a/memory.max': `${GIB}\n` }), GIB],
    ['version 2 in a container', machine('0::/\n', { 'memory.max': `${2 * GIB}\n` }), 2 * GIB],
    ['more than the machine has', machine(V2, { 'a/memory.max': `${64 * GIB}\n` }), 8 * GIB],
  ];
  for (const [name, source, bytes] of cases) t.equal(memoryLimit(undefined, source), bytes, name);
});

t.test('the setting lowers it and cannot raise it', async (t) => {
  const source = machine(V2, { 'a/memory.max': `${2 * GIB}\n` });
  t.equal(memoryLimit(GIB, source), GIB);
  t.equal(memoryLimit(4 * GIB, source), 2 * GIB);
  t.equal(memoryLimit(0, source), 2 * GIB, '0 stands for no limit of its own');
});
