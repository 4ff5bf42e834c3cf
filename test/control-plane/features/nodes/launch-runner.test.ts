import t from 'tap';
import { LaunchRunner } from '../../../../control-plane/features/nodes/launch-runner.ts';
import type { EntryDraft } from '../../../../control-plane/features/nodes/node-entry.ts';
import type { NodeLaunches } from '../../../../control-plane/features/nodes/node-launches.ts';
import { until } from '../../../until.ts';

/** A runner whose launches are kept here; `append` stands before that. */
function scene(append: () => void = () => {}) {
  const kept: (EntryDraft & { readonly nodeId: string })[] = [];
  const problems: string[] = [];
  const launches = {
    find: async () => undefined,
    append: async (nodeId: string, drafts: readonly EntryDraft[]) => {
      append();
      kept.push(...drafts.map((draft) => ({ nodeId, ...draft })));
    },
  } as unknown as NodeLaunches;
  const runner = new LaunchRunner({
    launches,
    rules: [],
    timeoutMs: 60_000,
    onProblem: (problem) => problems.push(problem),
    retryMilliseconds: 1,
  });
  return { runner, kept, problems };
}

t.test('output that cannot be stored now is stored later', async (t) => {
  let failures = 2;
  const { runner, kept, problems } = scene(() => {
    if (failures-- > 0) throw new Error('overloaded');
  });
  runner.start('n', ['sh', '-c', 'echo one; echo two']);
  await until(() => runner.running === 0, 'the end of the command');
  t.match(kept, [{ message: 'one' }, { message: 'two' }, { phase: 'active' }]);
  t.same(problems, ['launch of node n: Error: overloaded']);
});

t.test('a server that stops marks all launches as failed, also those that wait', async (t) => {
  const { runner, kept } = scene();
  const nodes = Array.from({ length: 34 }, (_, index) => `n${index}`);
  for (const node of nodes) runner.start(node, ['sleep', '60']);
  await runner.stop();
  t.match(kept, Array(34).fill({ phase: 'failed', details: 'the server stopped' }));
  t.same(new Set(kept.map(({ nodeId }) => nodeId)), new Set(nodes));
});
