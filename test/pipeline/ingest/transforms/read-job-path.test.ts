import t from 'tap';
import { readJobPath } from '../../../../pipeline/ingest/transforms/read-job-path.ts';
import { rankFromText } from '../../../../pipeline/ingest/transforms/read-rank.ts';

const none = { job_id: '', array_task_id: '', stream: '', node_id: '', rank: '' };

t.test('what the names of SLURM output files say', async (t) => {
  const cases: Record<string, object> = {
    'slurm-12345.out': { job_id: '12345', stream: 'out' },
    'logs/run-7/loadgen-12345.err': { job_id: '12345', stream: 'err' },
    'train_777_3.out': { job_id: '777', array_task_id: '3', stream: 'out' },
    'job-12345-node07-rank3.out': { job_id: '12345', node_id: 'node07', rank: '3', stream: 'out' },
    'job.12345.gr015.err': { job_id: '12345', node_id: 'gr015', stream: 'err' },
    'train-12345-task2.out': { job_id: '12345', rank: '2', stream: 'out' },
    'slurm-4711+1.out': { job_id: '4711', stream: 'out' },
    'train-4711+0.err': { job_id: '4711', stream: 'err' },
    '/scratch/u/4711-gpu12.out': { job_id: '4711', node_id: 'gpu12', stream: 'out' },
    '4711_gpu12.err': { job_id: '4711', node_id: 'gpu12', stream: 'err' },
    '4711.3.out': { job_id: '4711', stream: 'out' },
    '4711.batch.out': { job_id: '4711', stream: 'out' },
    '4711.out': { job_id: '4711', stream: 'out' },
    '4711_3.out': { job_id: '4711', array_task_id: '3', stream: 'out' },
    'slurm-4711.out.1': { job_id: '4711', stream: 'out' },
    'slurm-4711.out.2.gz': { job_id: '4711', stream: 'out' },
    'slurm-4711.err-20261130': { job_id: '4711', stream: 'err' },
    'slurm-4711_3.out': { job_id: '4711', array_task_id: '3', stream: 'out' },
    'slurm-4711-gpu12.out': { job_id: '4711', node_id: 'gpu12', stream: 'out' },
    'slurm-4711-task2.out': { job_id: '4711', rank: '2', stream: 'out' },
    'slurm-7.out': { job_id: '7', stream: 'out' },
    'slurm_4711.log': { job_id: '4711' },
    'train-slurm-4711.out': { job_id: '4711', stream: 'out' },
    'slurm-4711_2026-11-30.out': { job_id: '4711', stream: 'out' },
    'resnet50-12345.out': { job_id: '12345', stream: 'out' },
    'llama-7b.4711234.err': { job_id: '4711234', stream: 'err' },
    'train.o12345': { job_id: '12345', stream: 'out' },
    'train.e12345': { job_id: '12345', stream: 'err' },
    'resnet-152.out': { stream: 'out' },
    'seed_1234.out': { stream: 'out' },
    'seed_1234_3.out': { stream: 'out' },
    'exp-seed-1234.err': { stream: 'err' },
    'resnet_152_3.out': { stream: 'out' },
    'train_2026-11-30_4712.out': { stream: 'out' },
    'train_20261130_120000.out': { stream: 'out' },
    '2026-11-30.out': { stream: 'out' },
    '20261130.out': { stream: 'out' },
    '2026.out': { stream: 'out' },
    'epoch-10000.out': { stream: 'out' },
    'port_8000.err': { stream: 'err' },
    'nohup.out': { stream: 'out' },
    'app-12345.log': {},
    'v1.2.3.out': { stream: 'out' },
    'gpt2-1558M.out': { stream: 'out' },
    '/a/b.c-12345.out': { job_id: '12345', stream: 'out' },
    '/a/12345/misc.out': { stream: 'out' },
    '/a/theia0044_prefill_w0.out': { stream: 'out' },
    'slurm-23.02.4.out': { stream: 'out' },
    '': {},
    'slurm.out': { stream: 'out' },
    'vllm-12345.log': {},
    'notes.txt': {},
  };
  for (const [path, facts] of Object.entries(cases)) t.same(readJobPath(path), { ...none, ...facts }, path);
});

t.test('ranks at the head of lines', async (t) => {
  const cases: Record<string, string> = {
    '[rank0]:[W418 14:12:51 ProcessGroup.cpp:1] text': '0',
    '[rank: 12] Seed set to 1': '12',
    '[Rank 3] out of memory': '3',
    '[default2]:step 1': '2',
    '(VllmWorker rank=1 pid=7) INFO text': '1',
    '7: srun labels its lines': '7',
    'rank3: hello': '3',
    'the [rank1] in a text': '',
    '2026-06-18 09:16:00 INFO x': '',
    '12:30:00 started': '',
    '[2026-06-18] x': '',
  };
  for (const [line, rank] of Object.entries(cases)) t.equal(rankFromText(line), rank, line);
});
