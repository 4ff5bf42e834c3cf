import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_FOLDER } from '../../../project-folder.ts';
import { missingPrograms } from '../sync/ssh-server.ts';
import { Syncing } from '../sync/syncing.ts';
import { sacctStub, squeueStub } from './slurm-stub.ts';

const SACCT = sacctStub(`
5501|train|alice|gpu|NODE_FAIL|1:0|2026-06-18T09:00:00|2026-06-18T09:01:00|2026-06-18T09:05:00|nid[001-002]
5501|train|alice|gpu|FAILED|1:0|2026-06-18T09:05:00|2026-06-18T09:10:00|2026-06-18T09:16:40|nid[003-004]
5501.batch|batch|||FAILED|1:0|2026-06-18T09:10:00|2026-06-18T09:10:00|2026-06-18T09:16:40|nid003
5501.0|python|||FAILED|1:0|2026-06-18T09:10:00|2026-06-18T09:10:00|2026-06-18T09:16:40|nid[003-004]
`);

/** Four ranks write into one file, line by line; rank 2 fails first and takes the others with it. */
const TRAINING = `
[rank0]: 2026-06-18 09:16:00,100 INFO step 10 loss 2.31
[rank1]: 2026-06-18 09:16:00,101 INFO step 10 loss 2.31
[rank2]: 2026-06-18 09:16:00,102 INFO step 10 loss 2.31
[rank3]: 2026-06-18 09:16:00,103 INFO step 10 loss 2.31
[rank2]: 2026-06-18 09:16:10,000 ERROR illegal memory access in step 11
[rank2]: Traceback (most recent call last):
[rank0]: 2026-06-18 09:16:10,200 INFO step 11 loss 2.30
[rank2]:   File "train.py", line 88, in step
[rank2]: RuntimeError: CUDA error: an illegal memory access was encountered
[rank3]: 2026-06-18 09:16:12,000 ERROR connection reset by peer rank 2
[rank1]: 2026-06-18 09:16:12,500 ERROR connection reset by peer rank 2
srun: error: nid004: task 2: Exited with exit code 1
srun: error: nid003: tasks 0-1: Terminated
srun: error: nid004: task 3: Terminated
`.trimStart();

const missing = missingPrograms();
if (missing) t.plan(0, missing);
else {
  t.test('a job of four ranks: who failed first, and with what', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('train-5501.out', TRAINING);
    s.write('other-6600.out', 'fine\n', 0);
    await s.post('/sync/trigger');
    const { jobs } = await s.json('/api/v1/jobs');
    t.match(
      jobs.find((job: { job_id: string }) => job.job_id === '5501'),
      {
        state: 'FAILED',
        exit_code: '1:0',
        machines: ['127.0.0.1'],
        error_count: Number,
      },
    );
    t.match(
      jobs.find((job: { job_id: string }) => job.job_id === '6600'),
      { state: 'RUNNING', record_count: 1 },
    );
    t.same((await s.json('/api/v1/jobs?state=failed')).jobs.length, 1);

    const job = await s.json('/api/v1/jobs/5501');
    t.match(job, {
      job_id: '5501',
      state: 'FAILED',
      known_from: 'lines',
      first_failed_rank: 2,
      failed_ranks: [2],
      first_error: { message: /illegal memory access in step 11/, rank: 2, level: 'ERROR' },
      streams: [{ file_path: /train-5501\.out$/, stream: 'out' }],
      requeues: 0,
    });
    t.same(
      job.ranks.map(({ rank }: { rank: number | null }) => rank),
      [null, 0, 1, 2, 3],
    );
    const two = job.ranks[3];
    t.match(two.first_error.message, /illegal memory access/);
    t.match(two.lines[0], { message: /step 10/, level: 'INFO', timestamp: /^2026-06-18T09:16:00\.102/ });
    t.ok(two.lines.some(({ message }: { message: string }) => /Traceback[\s\S]*RuntimeError/.test(message)));

    const events = await (await s.fetch('/api/v1/jobs/5501/logs/stream?follow=false&tail=1000')).text();
    t.equal(events.match(/^data: /gm)?.length, job.record_count);
    t.equal((await s.fetch('/api/v1/jobs/77')).status, 404);
  });

  t.test('jobs page by page, each once, also those in one state', async (t) => {
    const s = await Syncing.start(t, false);
    const ids = Array.from({ length: 7 }, (_, index) => String(5_000 + index));
    for (const [index, id] of ids.entries()) {
      const end =
        index % 2 === 0
          ? `slurmstepd: error: *** JOB ${id} ON n1 CANCELLED AT 2026-06-18T10:00:00 DUE TO TIME LIMIT ***\n`
          : '';
      s.write(`job-${id}.out`, `2026-06-18 08:00:0${Math.floor(index / 3)} INFO start\n${end}`);
    }
    await s.post('/sync/trigger');
    const walk = async (query: string) => {
      const found: string[] = [];
      for (let cursor = ''; ; ) {
        const page = await s.json(
          `/api/v1/jobs?limit=2${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        found.push(...page.jobs.map(({ job_id }: { job_id: string }) => job_id));
        if (page.next_cursor === null) return found;
        t.ok(page.jobs.length <= 2);
        cursor = page.next_cursor;
      }
    };
    t.same((await walk('')).sort(), ids);
    t.same(
      (await walk('&state=timeout')).sort(),
      ids.filter((_, index) => index % 2 === 0),
    );
    t.same((await s.json('/api/v1/jobs?limit=7')).next_cursor, null, 'a full last page is the last');
    t.match(await s.json('/api/v1/jobs?cursor=x'), {
      error: { message: /cursor: expected the next_cursor/ },
    });
  });

  t.test('what SLURM accounts for: states, nodes and attempts', async (t) => {
    const s = await Syncing.start(t, true);
    s.ssh!.install('sacct', SACCT);
    s.write('train-5501.out', TRAINING);
    await s.post('/sync/trigger');
    await s.post('/sync/trigger');
    const job = await s.json('/api/v1/jobs/5501');
    t.match(job, {
      name: 'train',
      user: 'alice',
      partition: 'gpu',
      state: 'FAILED',
      exit_code: '1:0',
      known_from: 'slurm',
      nodes: ['nid003', 'nid004'],
      requeues: 1,
      attempts: [
        { attempt: 1, state: 'NODE_FAIL', nodes: ['nid001', 'nid002'], end: '2026-06-18T09:05:00Z' },
        { attempt: 2, state: 'FAILED', start: '2026-06-18T09:10:00Z' },
      ],
    });
    t.equal(job.attempts.length, 2);
  });

  t.test('the queue answers where SLURM keeps no accounts', async (t) => {
    const s = await Syncing.start(t, true);
    // As the real ones: sacct without its database, and a squeue that gets what it needs in just this form.
    s.ssh!.install(
      'sacct',
      "#!/bin/sh\necho 'sacct: error: Problem talking to the database: Connection refused' >&2\nexit 1\n",
    );
    const queue = readFileSync(join(PROJECT_FOLDER, 'test/control-plane/features/jobs/squeue.txt'), 'utf8');
    s.ssh!.install('squeue', squeueStub(queue.replaceAll(/^([478])(?=[|_])/gm, '$1000')));
    for (const name of ['long-7000.out', 'arr-4000_2.out', 'tl-8000.out']) s.write(name, 'INFO at work\n', 0);
    await s.post('/sync/trigger');
    t.same(s.warnings, [
      'jobs of remote: sacct ended with 1: sacct: error: Problem talking to the database: Connection refused',
    ]);
    t.match(await s.json('/api/v1/jobs/7000'), {
      state: 'RUNNING',
      exit_code: null,
      name: 'long',
      known_from: 'slurm',
      nodes: ['gr015'],
      attempts: [{ start: '2026-11-25T07:20:57Z', end: null }],
    });
    t.match(await s.json('/api/v1/jobs/4000'), { state: 'FAILED', attempts: [{ array_task_id: '2' }] });
    t.match(await s.json('/api/v1/jobs/8000'), { state: 'PENDING', attempts: [{ start: null, end: null }] });
  });

  t.test('a requeued job, as a real sacct accounts for it; one that fails is reported once', async (t) => {
    const s = await Syncing.start(t, true);
    const accounts = readFileSync(join(PROJECT_FOLDER, 'test/control-plane/features/jobs/sacct.txt'), 'utf8');
    s.ssh!.install('sacct', sacctStub(accounts.replaceAll(/^9(?=\|)/gm, '9000')));
    s.ssh!.install('squeue', squeueStub(''));
    s.write('rq-9000.out', 'attempt 1\n', 0);
    await s.post('/sync/trigger');
    t.match(await s.json('/api/v1/jobs/9000'), {
      state: 'RUNNING',
      exit_code: null,
      requeues: 1,
      attempts: [
        { attempt: 1, state: 'REQUEUED', end: '2026-11-25T07:21:59Z' },
        { attempt: 2, state: 'RUNNING', start: '2026-11-25T07:24:31Z', end: null },
      ],
    });
    s.ssh!.install('sacct', "#!/bin/sh\necho 'sacct: fatal: no configuration' >&2\nexit 1\n");
    s.ssh!.install('squeue', "#!/bin/sh\necho 'squeue: fatal: no configuration' >&2\nexit 1\n");
    for (let round = 0; round < 3; round++) t.match(await s.post('/sync/trigger'), { status: 'success' });
    t.same(s.warnings, [
      'jobs of remote: sacct ended with 1: sacct: fatal: no configuration; squeue ended with 1: squeue: fatal: no configuration',
    ]);
    t.match(await s.json('/api/v1/jobs/9000'), { state: 'RUNNING' }, 'what was known is kept');
  });

  t.test('without SLURM accounts, attempts are separated by their ends', async (t) => {
    const s = await Syncing.start(t, false);
    s.write(
      'job-7001.out',
      '2026-06-18 08:00:00 INFO start\n' +
        'slurmstepd: error: *** JOB 7001 ON nid001 CANCELLED AT 2026-06-18T08:30:00 DUE TO PREEMPTION ***\n' +
        '2026-06-18 09:00:00 INFO start\n' +
        'slurmstepd: error: *** JOB 7001 ON nid002 CANCELLED AT 2026-06-18T10:00:00 DUE TO TIME LIMIT ***\n',
    );
    await s.post('/sync/trigger');
    const job = await s.json('/api/v1/jobs/7001');
    t.match(job, {
      state: 'TIMEOUT',
      attempts: [
        { attempt: 1, state: 'PREEMPTED', nodes: ['nid001'] },
        { attempt: 2, state: 'TIMEOUT' },
      ],
    });
  });
}
