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
