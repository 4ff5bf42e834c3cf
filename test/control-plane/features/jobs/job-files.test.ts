import t from 'tap';
import { JobFiles } from '../../../../control-plane/features/jobs/job-files.ts';
import type { JobRun } from '../../../../control-plane/features/jobs/job-run.ts';

const run = (job_id: string, fields: Partial<JobRun>): JobRun => ({
  job_id,
  raw_id: job_id,
  array_task_id: '',
  cluster: 'mini',
  name: 'train',
  user: 'alice',
  account: 'physics',
  partition: 'gpu',
  qos: 'normal',
  state: 'FAILED',
  reason: '',
  exit_code: '1:0',
  derived_exit_code: '',
  submit: '2026-11-30T19:04:08Z',
  start: '',
  end: '',
  limit_s: null,
  nodes: [],
  requested: '',
  allocated: '',
  comment: '',
  submit_line: 'sbatch job.sh',
  work_dir: '/home/alice/logs',
  stdout: '',
  stderr: '',
  ...fields,
});

const files = new JobFiles([
  run('1', { submit_line: 'sbatch --parsable -J train -o %x-%j.out --wrap echo -o not-this.out' }),
  run('2', {}),
  run('4', { raw_id: '27', array_task_id: '0' }),
  run('4', { raw_id: '30', array_task_id: '3' }),
  run('5', { raw_id: '39', array_task_id: '3', name: 'sweep', submit_line: 'sbatch -a 0-9 -o %x-%j.out' }),
  run('6', {
    raw_id: '61',
    array_task_id: '7',
    submit_line: 'sbatch -a 0-9 --output=/scratch/%u/%A/%3a.log -e err_%a.%A',
  }),
  run('8', { name: 'ddp', submit_line: 'sbatch -N2 --output out/%j_%N_%t.txt' }),
  run('18', { submit_line: 'sbatch --open-mode=append -o shared.out' }),
  run('19', { submit_line: 'sbatch --open-mode=append -o shared.out' }),
  run('22', { name: 'ranked' }),
  run('23', { name: 'resnet', work_dir: '/home/alice/other' }),
  run('24', { stdout: '/data/24.log', stderr: '/data/24.log' }),
  run('25', { name: 'a+b (c)', submit_line: 'sbatch -o %x.%j' }),
]);

t.test('whose output a file is, as SLURM says', async (t) => {
  for (const [path, job, task = ''] of [
    ['/home/alice/logs/train-1.out', '1'],
    ['~/logs/train-1.out', '1'],
    ['/home/alice/logs/not-this.out', undefined],
    ['/home/alice/logs/slurm-2.out', '2'],
    ['/home/bob/logs/slurm-2.out', undefined],
    ['/home/alice/logs/slurm-4_3.out', '4', '3'],
    ['/home/alice/logs/sweep-39.out', '5', '3'],
    ['/scratch/alice/6/007.log', '6', '7'],
    ['/home/alice/logs/err_7.6', '6', '7'],
    ['/home/alice/logs/out/8_gpu-07.hpc_12.txt', '8'],
    ['/home/alice/logs/shared.out', undefined],
    ['/home/alice/logs/ranked-22-n1-rank5.err', '22'],
    ['/home/alice/logs/resnet-152.out', undefined],
    ['/home/alice/logs/resnet-23.out', undefined],
    ['/home/alice/logs/seed_22.out', undefined],
    ['/data/24.log', '24'],
    ['/home/alice/logs/a+b (c).25', '25'],
    ['/home/alice/logs/aab (c).25', undefined],
  ] as const) {
    const owner = files.ownerOf(path);
    t.equal(owner?.job_id, job, path);
    if (job !== undefined) t.equal(owner?.array_task_id, task, `${path}: task`);
  }
});
