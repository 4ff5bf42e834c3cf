import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { readPartialAggregates } from '../../../../../control-plane/features/alerts/evaluate/read-partial-aggregates.ts';
import { explainFailure } from '../../../../../control-plane/features/alerts/failures/explain-failure.ts';
import { FAILURE_RULES } from '../../../../../control-plane/features/alerts/failures/failure-rules.ts';
import { BUILT_IN_RULES } from '../../../../../control-plane/features/alerts/rules/built-in-rules.ts';
import { compileRule } from '../../../../../control-plane/features/alerts/rules/compile-rule.ts';
import { createCategorizer } from '../../../../../pipeline/ingest/transforms/categorize.ts';
import { createNormalizer } from '../../../../../pipeline/ingest/transforms/normalize.ts';
import { fromMilliseconds } from '../../../../../pipeline/record/timestamp.ts';
import { REAL_LOGS_FOLDER } from '../../../../project-folder.ts';
import { insertRecords, openStore } from '../../logs/analysed-store.ts';
import { readNewRecords } from '../read-new-records.ts';

const names = new Set(FAILURE_RULES.map(({ name }) => name));
const rules = BUILT_IN_RULES.filter(({ name }) => names.has(name)).map(compileRule);
const normalize = createNormalizer({ categorize: createCategorizer(), defaultTimezone: 'UTC' });
const NOW = Date.UTC(2026, 10, 25, 8);

type Fields = Record<string, unknown>;

const clickhouse = await openStore(t);
let lastSeq = NOW * 1000;

/** The alerts that records make, as `rule label label…`, by way of the stream and by way of the store. */
async function alertsOf(t: Test, entries: readonly Fields[]): Promise<string[]> {
  const arrival = { time: fromMilliseconds(NOW), source: 'file', machineId: undefined };
  const first = lastSeq;
  const records = entries.map((fields, index) => ({
    ...normalize({ fields, text: JSON.stringify(fields) }, arrival),
    timestamp: fromMilliseconds(NOW),
    seq: first + index + 1,
  }));
  await insertRecords(clickhouse, records);
  const upTo = first + entries.length;
  lastSeq = upTo;
  const onStream = await readNewRecords(clickhouse, rules, first, upTo);
  const fired: string[] = [];
  for (const [index, compiled] of rules.entries()) {
    const groups = (aggregates: readonly { group: string }[]) =>
      [...new Set(aggregates.map(({ group }) => group))].sort();
    const stream = groups(onStream.get(index) ?? []);
    const stored = groups(
      await readPartialAggregates(clickhouse, compiled, { by: 'sequence', after: first, upTo }, 1),
    );
    t.same(stream, stored, `${compiled.rule.name}: the stream and the store agree`);
    for (const group of stream) fired.push([compiled.rule.name, ...JSON.parse(group)].join(' ').trim());
  }
  return fired.sort();
}

type Test = Parameters<typeof openStore>[0];

const LINES: readonly (readonly [entry: Fields | string, alert: string])[] = [
  // NVIDIA's and other public documentation.
  [
    "Oct  1 13:00:00 gpu17 kernel: NVRM: Xid (PCI:0000:c2:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
    'gpu-xid-critical gpu17 0000:c2:00 79',
  ],
  [
    '[1234567.890123] NVRM: Xid (PCI:0000:10:1c): 63, pid=1896, Row Remapper: New row marked for remapping, reset gpu to activate.',
    'gpu-xid gpu17 0000:10:1c 63',
  ],
  [
    '[Tue Oct  1 13:00:00 2026] NVRM: Xid (PCI:0000:0f:00): 64, pid=57530, Row Remapper Error: (0x00000005d28c03a0) - All reserved rows for bank are remapped',
    'gpu-xid-critical gpu17 0000:0f:00 64',
  ],
  [
    '2026-10-03T06:32:01-07:00 gpu17 kernel: NVRM: Xid (PCI:0000:01:00): 31, pid=4242, name=python3, Ch 00000008',
    'gpu-xid gpu17 0000:01:00 31',
  ],
  [
    'NVRM: Xid (PCI:0000:b9:00): 74, pid=<unknown>, name=<unknown>, NVLink: fatal error detected on link 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)',
    'gpu-xid-critical gpu17 0000:b9:00 74',
  ],
  [
    'NVRM: Xid (PCI:0000:3b:00): 48, pid=91237, name=nv-hostengine, DBE (double bit error) ECC Error',
    'gpu-xid-critical gpu17 0000:3b:00 48',
  ],
  [
    'Dec  7 10:00:00 gpu17 kernel: [ 12.345678] nvidia-nvswitch4: SXid (PCI:0000:c6:00.0): 19084, Non-fatal, Link 29 AN1 Heartbeat Timeout Error (First)',
    'nvswitch-sxid gpu17 nvidia-nvswitch4 19084',
  ],
  [
    'nvidia-nvswitch0: SXid (PCI:0000:c2:00.0): 20034, Fatal, Link 28 LTSSM Fault Up',
    'nvswitch-sxid gpu17 nvidia-nvswitch0 20034',
  ],
  [
    '[rank1]:[E1003 18:37:01.832146912 ProcessGroupNCCL.cpp:607] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=6463, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=1800000) ran for 1800017 milliseconds before timing out.',
    'nccl-timeout 4711',
  ],
  [
    '[rank12]:[E906 03:02:35.091834500 ProcessGroupNCCL.cpp:683] [PG ID 0 PG GUID 0(default_pg) Rank 12] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=3, OpType=ALLREDUCE, NumelIn=1048576, NumelOut=1048576, Timeout(ms)=30000) ran for 30002 milliseconds before timing out.',
    'nccl-timeout 4711',
  ],
  [
    'Traceback (most recent call last):\n  File "train.py", line 10, in <module>\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.15 GiB',
    'cuda-out-of-memory gpu17 4711',
  ],
  [
    '[rank3]: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 3; 79.15 GiB total capacity)',
    'cuda-out-of-memory gpu17 4711 3',
  ],
  [
    'RuntimeError: CUDA out of memory. Tried to allocate 1.50 GiB (GPU 0; 15.78 GiB total capacity)',
    'cuda-out-of-memory gpu17 4711',
  ],
  [
    '(EngineCore_0 pid=123) ERROR 11-28 15:27:15 [core.py:700] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 192.00 MiB.',
    'cuda-out-of-memory gpu17 4711',
  ],
  [
    'Oct  1 13:00:00 gpu17 kernel: [ 99.5] Out of memory: Killed process 18422 (python3) total-vm:105906884kB, anon-rss:103000000kB',
    'oom-killer gpu17 python3',
  ],
  ['kernel: Memory cgroup out of memory: Killed process 991 (node) total-vm:1kB', 'oom-killer gpu17 node'],
  [
    'slurmstepd: error: Detected 1 oom-kill event(s) in StepId=4711.0. Some of your processes may have been killed by the cgroup out-of-memory handler.',
    'slurm-out-of-memory gpu17 4711 4711.0',
  ],
  [
    'slurmstepd: error: *** JOB 32391783 ON cn119 CANCELLED AT 2021-06-18T13:05:36 DUE TO PREEMPTION ***',
    'slurm-preempted 4711 cn119',
  ],
  [
    'slurmstepd: error: *** STEP 4711.0 ON gpu18 CANCELLED AT 2026-10-01T10:00:00 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
    'slurm-node-failure 4711 gpu18',
  ],
  ['srun: error: Node failure on gpu18', 'slurm-node-failure 4711 gpu18'],
  [
    '[2026-10-01T10:00:00.123] error: Nodes gpu[18-19] not responding, setting DOWN',
    'slurm-node-failure 4711 gpu[18-19]',
  ],
  ['srun: error: gpu18: tasks 8-15: Killed', 'slurm-task-failed 4711 gpu18 8-15'],
  ['srun: error: gpu18: task 3: Exited with exit code 255', 'slurm-task-failed 4711 gpu18 3'],
];

t.test('lines of public documentation are recognized, with job, node, GPU and rank', async (t) => {
  // Lines that make the same alert are looked at one after the other, all others together.
  for (let waiting = LINES; waiting.length > 0; ) {
    const alike = new Map(waiting.map(([line, alert]) => [alert, line]));
    const entries = Array.from(alike.values(), (line) =>
      typeof line === 'string' ? { log: line, machine_id: 'gpu17', job_id: '4711' } : line,
    );
    t.same(await alertsOf(t, entries), [...alike.keys()].sort());
    waiting = waiting.filter(([line, alert]) => alike.get(alert) !== line);
  }
});

t.test('quoting a message does not fire', async (t) => {
  const quoted = LINES.map(([line]) => String(line));
  const chats = quoted.flatMap((line) => [
    { log: `user: my job died with ${line} and I do not know why`, machine_id: 'chat1' },
    { log: `assistant: The message "${line}" means that …`, machine_id: 'chat1' },
    { log: `2026-11-25 08:00:00 INFO chat.py:12 prompt='${line}'`, machine_id: 'chat1' },
    { message: `I get this: ${line}`, level: 'error', service: 'chat', machine_id: 'chat1' },
    { role: 'user', content: line, service: 'chat', machine_id: 'chat1' },
    { message: `> ${line}`, level: 'info', role: 'user', service: 'chat', machine_id: 'chat1' },
    { log: `{"level":"info","msg":"completion","text":${JSON.stringify(line)}}`, machine_id: 'chat1' },
    { log: `ERROR 11-28 15:27:15 [serving.py:1] bad request: '${line}'`, machine_id: 'chat1' },
  ]);
  const friends = [
    'CUDA out of memory',
    'What does CUDA out of memory mean?',
    '2026-10-02T20:53:38-07:00 HNET00 kernel: r8169 0000:06:00.0 eth0: RTL8125B, 50:eb:f6:ce:c1:33, XID 641, IRQ 158',
    '{"http_errors": 1931, "xid": 79}',
    'Could not load: NOT_LOGGING_PASSWORD, out of memory budget for the cache',
    'INFO preempted request 12 to save memory; node failure is not the cause',
    'GPU memory: 42 % used, no ECC errors, nothing fell off the bus',
    'slurmstepd: error: *** JOB 25883692 ON gr015 CANCELLED AT 2022-10-13T04:10:12 ***',
  ].map((log) => ({ log, machine_id: 'chat1' }));
  t.same(await alertsOf(t, [...chats, ...friends]), []);
});

const REAL_EXPECTED: Readonly<Record<string, { job: string; alerts: readonly string[] }>> = {
  'slurm-bris/slurm.err': { job: '9949343', alerts: ['slurm-task-failed 9949343 nid007965 0-7'] },
  'slurm-editevals/slurm.out': { job: '20942500', alerts: ['slurm-time-limit 20942500 ng30703'] },
  'slurm-detr/slurm.out': { job: '25883692', alerts: [] },
  'slurm-srt/sweep.log': {
    job: '1543570',
    alerts: [
      'theia0043 0',
      'theia0044 0',
      'theia0044 0-1',
      'theia0045 0',
      'theia0045 0-1',
      'theia0047 0',
      'theia0047 0-3',
      'theia0048 0',
      'theia0048 4-7',
      'theia0049 0',
      'theia0049 8-11',
      'theia0050 0',
      'theia0050 12-15',
    ].map((rest) => `slurm-task-failed 1543570 ${rest}`),
  },
  'vllm-agents/vllm.log': { job: '', alerts: [] },
  'vllm-bench3/vllm_server.log': { job: '', alerts: [] },
  'nccl-tests/nccl.log': { job: '', alerts: [] },
  'comfyui-docker/comfyui.log': { job: '', alerts: [] },
  'docker-launcher/gpu_monitor.log': { job: '', alerts: [] },
  'server-resume/backend_dev.log': { job: '', alerts: [] },
};

t.test(
  'failures in real logs are found, and nothing else',
  { skip: existsSync(REAL_LOGS_FOLDER) ? false : 'real logs are not here' },
  async (t) => {
    for (const [file, { job, alerts }] of Object.entries(REAL_EXPECTED)) {
      const lines = readFileSync(resolve(REAL_LOGS_FOLDER, file), 'utf8').split('\n');
      const entries = lines.map((log) => ({ log, file_path: `/logs/${file}`, ...(job && { job_id: job }) }));
      t.same(await alertsOf(t, entries), alerts, file);
    }
  },
);

t.test('a message with a cause and its consequence names the cause', async (t) => {
  const message =
    'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\nsrun: error: gpu-2: task 3: Exited with exit code 1';
  t.match(explainFailure([message]), { asked_for: '2.00 GiB' });
});

t.test('a collective that timed out names the rank that lags', async (t) => {
  const line = (rank: number, sequence: number) =>
    `[rank${rank}]:[E1003 18:37:01.8 ProcessGroupNCCL.cpp:607] [Rank ${rank}] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=${sequence}, OpType=ALLREDUCE, NumelIn=1)`;
  t.match(explainFailure([line(0, 80), line(1, 80), line(2, 77), line(3, 80)]), { lagging_rank: '2' });
  t.match(explainFailure([line(0, 80), line(1, 80), line(3, 80)]), { ranks: '0, 1, 3', silent_ranks: '2' });
  const report =
    "\n\t - To our best knowledge, the lagging/dead/mismatched ranks that caused the desync are:\n\t   - [47] joined but didn't finish collective #41207 (count from 1)";
  t.match(explainFailure([line(0, 80), `${line(1, 80)}${report}`]), { lagging_rank: '47' });
  t.equal(explainFailure(['all is well']), undefined);
});
