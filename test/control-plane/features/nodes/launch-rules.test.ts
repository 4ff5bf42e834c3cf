import t from 'tap';
import { fillCommand } from '../../../../control-plane/features/nodes/launch-command.ts';
import {
  BUILT_IN_RULES,
  parseLaunchRules,
  readOutputLine,
} from '../../../../control-plane/features/nodes/launch-rules.ts';

const phaseOf = (line: string) => readOutputLine(BUILT_IN_RULES, line).phase;

t.test('lines of launchers show the phase', async (t) => {
  for (const [line, phase] of [
    ['Considered resources (1 node):', 'provisioning'],
    ['⚙︎ Launching on AWS us-west-2 (us-west-2a).', 'provisioning'],
    ['└── Instance is up.', 'instance_ready'],
    ['✓ Cluster launched: cic-a100.', 'instance_ready'],
    ['⚙︎ Running setup on 1 instance.', 'installing'],
    ['Collecting vllm==0.9.1', 'installing'],
    [
      'INFO 06-18 09:16:00 [gpu_model_runner.py:1595] Starting to load model meta-llama/Llama-2-7b-chat-hf...',
      'model_loading',
    ],
    ['Loading safetensors checkpoint shards:  50% Completed | 1/2', 'model_loading'],
    ['INFO:     Waiting for application startup.', 'health_check'],
    ['INFO:     Application startup complete.', 'active'],
    ['a line that shows nothing', undefined],
  ] as const)
    t.equal(phaseOf(line), phase, line);
  t.match(
    readOutputLine(BUILT_IN_RULES, 'INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)'),
    {
      phase: 'active',
      endpoint: 'http://0.0.0.0:8000',
    },
  );
  t.match(readOutputLine(BUILT_IN_RULES, 'sky.exceptions.ResourcesUnavailableError: no A100'), {
    level: 'error',
  });
});

t.test('rules of a file come first', async (t) => {
  const rules = parseLaunchRules("rules:\n  - {pattern: 'step (\\d)', phase: installing, progress: 65}\n");
  t.same(readOutputLine(rules, 'step 2'), { message: 'step 2', phase: 'installing', progress: 65 });
  t.equal(readOutputLine(rules, 'Instance is up').phase, 'instance_ready');
  for (const wrong of [
    'rules: [{pattern: x, phase: flying}]',
    'rules: [{phase: active}]',
    'rules: [{pattern: "("}]',
    'x: 1',
  ])
    t.throws(() => parseLaunchRules(wrong), wrong);
});

t.test('placeholders become parts of one argument each', async (t) => {
  const template = ['sky', 'launch', '-c', '{name}', '--gpus={gpu}:{count}'];
  t.same(fillCommand(template, { name: 'a b; $(x)', gpu: 'A100', count: 8 }), [
    'sky',
    'launch',
    '-c',
    'a b; $(x)',
    '--gpus=A100:8',
  ]);
  for (const [fields, message] of [
    [{ gpu: 'A', count: 1 }, /^name: .* got none$/],
    [{ name: '-rf', gpu: 'A', count: 1 }, /does not begin with "-"/],
    [{ name: { a: 1 }, gpu: 'A', count: 1 }, /^name: /],
    [{ name: 'x\0', gpu: 'A', count: 1 }, /^name: /],
  ] as const)
    t.throws(() => fillCommand(template, fields), { message });
});
