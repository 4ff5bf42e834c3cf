import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readJobMark } from '../../../../control-plane/features/jobs/job-marks.ts';
import { judgeJob } from '../../../../control-plane/features/jobs/judge-job.ts';
import { parseSlurm } from '../../../../control-plane/features/jobs/parse-slurm.ts';
import { expandHostlist } from '../../../../control-plane/features/jobs/slurm-lists.ts';
import { PROJECT_FOLDER } from '../../../project-folder.ts';
import { slurmOutput } from './slurm-stub.ts';

const runsOf = (text: string, program: 'sacct' | 'squeue' = 'sacct') =>
  parseSlurm(slurmOutput(text, program)).runs;

t.test('host lists', async (t) => {
  const cases: Record<string, string[]> = {
    nid001: ['nid001'],
    'nid[001-003,7],gr015': ['nid001', 'nid002', 'nid003', 'nid7', 'gr015'],
    'a[1-2]-b[3-4]': ['a1-b3', 'a1-b4', 'a2-b3', 'a2-b4'],
    'n[098-101]': ['n098', 'n099', 'n100', 'n101'],
    '': [],
  };
  for (const [text, hosts] of Object.entries(cases)) t.same(expandHostlist(text), hosts, text);
  t.equal(expandHostlist('n[0-999999999]').length, 100_000, 'bounded');
});

t.test('accounts: runs, array tasks, names with a bar, what is no run', async (t) => {
  const text = [
    '5501|train|alice|gpu|CANCELLED by 1000|0:15|2026-06-18T09:00:00|2026-06-18T09:01:00|2026-06-18T09:05:00|nid[001-002]',
    '5501.batch|batch|||CANCELLED|0:15|2026-06-18T09:00:00|2026-06-18T09:01:00|2026-06-18T09:05:00|nid001',
    '77_3|a|b|c|alice|cpu|PENDING|0:0|2026-06-18T09:00:00|Unknown|Unknown|None assigned',
    '77_[4-9]|a|alice|cpu|PENDING|0:0|2026-06-18T09:00:00|Unknown|Unknown|None assigned',
    'slurm_load_jobs error: Unable to contact slurm controller',
    '',
  ].join('\n');
  t.match(runsOf(text), [
    {
      job_id: '5501',
      array_task_id: '',
      state: 'CANCELLED',
      exit_code: '0:15',
      start: '2026-06-18T09:01:00Z',
      nodes: ['nid001', 'nid002'],
    },
    {
      job_id: '77',
      array_task_id: '3',
      name: 'a|b|c',
      user: 'alice',
      state: 'PENDING',
      start: '',
      nodes: [],
    },
    ...[4, 5, 6, 7, 8, 9].map((task) => ({ job_id: '77', array_task_id: String(task), state: 'PENDING' })),
  ]);
  t.equal(runsOf(text).length, 8);
});

t.test('what a real sacct 22.05 prints', async (t) => {
  const runs = runsOf(
    readFileSync(join(PROJECT_FOLDER, 'test/control-plane/features/jobs/sacct.txt'), 'utf8'),
  );
  t.same(
    runs
      .filter(({ job_id }) => job_id !== '10')
      .map((run) => [
        run.job_id,
        run.array_task_id,
        run.state,
        run.exit_code,
        run.start.slice(11),
        run.end.slice(11),
      ]),
    [
      ['1', '', 'COMPLETED', '0:0', '07:20:48Z', '07:20:48Z'],
      ['2', '', 'FAILED', '3:0', '07:20:48Z', '07:20:48Z'],
      ['3', '', 'FAILED', '0:9', '07:20:51Z', '07:20:51Z'],
      ['4', '1', 'COMPLETED', '0:0', '07:20:51Z', '07:20:51Z'],
      ['4', '2', 'FAILED', '1:0', '07:20:54Z', '07:20:54Z'],
      ['7', '', 'RUNNING', '', '07:20:57Z', ''],
      ['8', '', 'PENDING', '', '', ''],
      ['9', '', 'REQUEUED', '0:0', '07:21:55Z', '07:21:59Z'],
      ['9', '', 'RUNNING', '', '07:24:31Z', ''],
      ['11', '', 'CANCELLED', '0:0', '', '07:21:00Z'],
      ['12', '', 'PENDING', '', '', ''],
      ['12', '+1', 'PENDING', '', '', ''],
    ],
  );
  t.equal(runs.find(({ job_id }) => job_id === '2')!.name, 'na|me x');
  t.equal(runs.filter(({ job_id }) => job_id === '10').length, 40);
});

t.test('what a real squeue 22.05 prints: guesses about the future are left out', async (t) => {
  const runs = runsOf(
    readFileSync(join(PROJECT_FOLDER, 'test/control-plane/features/jobs/squeue.txt'), 'utf8'),
    'squeue',
  );
  t.same(
    runs
      .filter(({ job_id }) => job_id !== '10')
      .map((run) => [run.job_id, run.array_task_id, run.state, run.start.slice(11), run.end.slice(11)]),
    [
      ['11', '', 'CANCELLED', '07:21:00Z', '07:21:00Z'],
      ['1', '', 'COMPLETED', '07:20:48Z', '07:20:48Z'],
      ['2', '', 'FAILED', '07:20:48Z', '07:20:48Z'],
      ['4', '2', 'FAILED', '07:20:54Z', '07:20:54Z'],
      ['8', '', 'PENDING', '', ''],
      ['9', '', 'PENDING', '', ''],
      ['12', '', 'PENDING', '', ''],
      ['12', '+1', 'PENDING', '', ''],
      ['7', '', 'RUNNING', '07:20:57Z', ''],
    ],
  );
  t.match(runs.at(-1), {
    job_id: '7',
    array_task_id: '',
    name: 'long',
    user: 'root',
    partition: 'gpu',
    state: 'RUNNING',
    exit_code: '',
    submit: '2026-11-25T07:20:56Z',
    start: '2026-11-25T07:20:57Z',
    end: '',
    nodes: ['gr015'],
  });
});

t.test('what has not ended is known best by the queue, what has by the accounts', async (t) => {
  const waits = '7|a|alice|gpu|PENDING|0:0|2026-06-18T09:00:00|Unknown|Unknown|None assigned';
  const ended = '8|b|alice|gpu|FAILED|2:0|2026-06-18T09:00:00|2026-06-18T09:01:00|2026-06-18T09:02:00|n1';
  const queue = [
    '7|a|alice|gpu|RUNNING||2026-06-18T09:00:00|2026-06-18T09:05:00|2026-06-19T09:05:00|n2',
    '8|b|alice|gpu|COMPLETING||2026-06-18T09:00:00|2026-06-18T09:01:00|2026-06-18T09:02:00|n1',
    '9_[3,7,12-20:4%1]|c|bob|gpu|PENDING||2026-06-18T09:00:00|N/A|N/A|',
    '10+1|het|bob|gpu|PENDING||2026-06-18T09:00:00|N/A|N/A|',
    '11|bad|bob|gpu|PENDING||yesterday|N/A|N/A|',
  ].join('\n');
  const { runs, problems } = parseSlurm(
    slurmOutput(`${waits}\n${ended}`) +
      slurmOutput(queue, 'squeue').replace(/\x1fNone\x1f/g, '\x1fResources\x1f'),
  );
  t.same(problems, []);
  t.same(
    runs.map((run) => [
      run.job_id,
      run.array_task_id,
      run.state,
      run.reason,
      run.exit_code,
      run.nodes.join(),
    ]),
    [
      ['7', '', 'RUNNING', 'Resources', '', 'n2'],
      ['8', '', 'COMPLETING', 'Resources', '', 'n1'],
      ...['3', '7', '12', '16', '20'].map((task) => ['9', task, 'PENDING', 'Resources', '', '']),
      ['10', '+1', 'PENDING', 'Resources', '', ''],
    ],
    'a row whose time cannot be read is no run',
  );
});

t.test('a submit line of several lines, and a program that fails', async (t) => {
  const { runs, problems } = parseSlurm(
    '@sacct JobID,Submit,SubmitLine\n1\x1f2026-06-18T09:00:00\x1fsbatch --wrap a\nb | c\n\nd\n2\x1f2026-06-18T09:00:00\x1f\n@end 0\n' +
      '@squeue JobID,Submit\nsqueue: error: Unable to contact slurm controller\n@end 1\n',
  );
  t.same(
    runs.map(({ submit_line }) => submit_line),
    ['sbatch --wrap a\nb | c\n\nd', ''],
  );
  t.same(problems, ['squeue ended with 1: squeue: error: Unable to contact slurm controller']);
});

t.test('lines of SLURM that say how a job ended', async (t) => {
  const cases: [string, object | undefined][] = [
    [
      'slurmstepd: error: *** JOB 20942500 ON ng30703 CANCELLED AT 2023-09-11T21:25:45 DUE TO TIME LIMIT ***',
      { state: 'TIMEOUT', node: 'ng30703', requeued: false },
    ],
    [
      'slurmstepd: error: *** STEP 405737.0 ON n1 CANCELLED AT 2023-09-11T21:25:45 ***',
      { state: 'CANCELLED' },
    ],
    [
      'slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2023-09-11T21:25:45 DUE TO PREEMPTION ***',
      { state: 'PREEMPTED', requeued: true },
    ],
    [
      'slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2023-09-11T21:25:45 DUE TO JOB REQUEUE ***',
      { state: 'REQUEUED', requeued: true },
    ],
    [
      'srun: error: nid007965: tasks 0-2,7: Exited with exit code 255',
      { state: 'FAILED', exitCode: 255, tasks: [0, 1, 2, 7], node: 'nid007965' },
    ],
    [
      'slurmstepd-gr015: error: *** JOB 8 ON gr015 CANCELLED AT 2026-11-25T07:23:01 DUE TO TIME LIMIT ***',
      { state: 'TIMEOUT', node: 'gr015', requeued: false },
    ],
    ['srun: error: nid007965: task 3: Out Of Memory', { state: 'OUT_OF_MEMORY', tasks: [3] }],
    ['srun: error: nid007965: task 3: Terminated', { state: 'FAILED', tasks: [] }],
    [
      'slurmstepd: error: Detected 1 oom_kill event in StepId=1.0. Some of the step tasks have been OOM Killed.',
      { state: 'OUT_OF_MEMORY' },
    ],
    ['srun: error: Unable to create step for job 1: Invalid generic resource', undefined],
  ];
  for (const [line, mark] of cases) {
    if (mark) t.match(readJobMark(line), mark, line);
    else t.equal(readJobMark(line), undefined, line);
  }
});

t.test('how a job stands without accounts', async (t) => {
  const now = 1_000_000_000;
  const long = now - 3_600_000;
  const failed = 'srun: error: n1: task 0: Exited with exit code 2';
  const preempted =
    'slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2023-09-11T21:25:45 DUE TO PREEMPTION ***';
  t.same(judgeJob([], [], now, now), { state: 'RUNNING', exit_code: null });
  t.same(judgeJob([], [], long, now), { state: 'UNKNOWN', exit_code: null });
  t.same(judgeJob([], [failed], now, now), { state: 'FAILED', exit_code: '2:0' });
  t.same(judgeJob([], [preempted], long, now), { state: 'PREEMPTED', exit_code: null });
  t.same(judgeJob([], [preempted], now, now), { state: 'RUNNING', exit_code: null }, 'started again');
});
