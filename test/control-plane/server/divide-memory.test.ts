import t from 'tap';
import { divideMemory, memoryProblems } from '../../../control-plane/server/divide-memory.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

t.test('the shares of any memory that is enough fit into it beside the program', async (t) => {
  for (const limit of [GIB, 1.5 * GIB, 2 * GIB, 3 * GIB, 4 * GIB, 16 * GIB, 512 * GIB]) {
    const { bodies, answers, heap, youngHeap, engine } = divideMemory(limit);
    const sum = bodies + answers + heap + 3 * youngHeap + engine.total;
    t.ok(sum <= limit - 128 * MIB, `${limit / GIB} GiB: the shares are ${Math.ceil(sum / MIB)} MiB`);
    t.ok(
      engine.queries * engine.query + engine.caches < engine.total,
      `${limit / GIB} GiB: the engine's own`,
    );
  }
});

t.test('a share never shrinks where the memory grows', async (t) => {
  const sizes = Array.from({ length: 200 }, (_, index) => 512 * MIB * 1.05 ** index);
  for (const share of ['bodies', 'answers', 'heap', 'youngHeap'] as const) {
    const shares = sizes.map((size) => divideMemory(size)[share]);
    t.same(
      shares,
      shares.toSorted((a, b) => a - b),
      share,
    );
  }
});

t.test('the start says what is too little', async (t) => {
  const problems = (limit: number, ingestMaxBytes = 64 * MIB) =>
    memoryProblems(divideMemory(limit), ingestMaxBytes);
  t.match(problems(512 * MIB), [/^MEMORY_LIMIT_BYTES: 512 MiB is too little/]);
  t.match(problems(300 * MIB), [/^MEMORY_LIMIT_BYTES: 300 MiB is too little/]);
  t.same(problems(GIB), []);
  t.match(problems(GIB, 65 * MIB), [/^INGEST_MAX_BYTES: 68157440 .* at most 67108864/]);
  t.same(problems(16 * GIB, 512 * MIB), []);
});
