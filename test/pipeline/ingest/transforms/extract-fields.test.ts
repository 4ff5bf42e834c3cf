import t from 'tap';
import {
  jobIdFromText,
  requestIdFromText,
  spanIdFromText,
  traceIdFromText,
} from '../../../../pipeline/ingest/transforms/extract-fields.ts';

const trace = '1af231c22c6c48f45113f69bd6bec022';

t.test('job id in a text', async (t) => {
  for (const [text, id] of [
    ['slurmstepd: error: *** JOB 25883692 ON gr015 CANCELLED AT 2022-10-13T04:10:12 ***', '25883692'],
    ['slurmstepd: error: *** STEP 405737.0 ON n1 CANCELLED ***', '405737'],
    ['srun: Terminating StepId=1543570.13', '1543570'],
    ['srun: Job step 405737.0 aborted', '405737'],
    ['slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-30T20:04:12 DUE TO TIME LIMIT ***', '7'],
    ['srun: job 4711 queued and waiting for resources', '4711'],
    ['salloc: Granted job allocation 12', '12'],
    ['2026-11-30T20:04:12 slurmctld[812]: sched: Allocate JobId=4711_3(4720) NodeList=n1', '4711'],
    ['[2026-11-30T20:04:12.330] [4711.batch] error: exec failed', ''],
    ['slurmd: [4711.batch] error: exec failed', '4711'],
    // What other programs say: jobs of a queue, of a user, of a build.
    ['Submitted batch job 1543570', ''],
    ['2026-04-21 14:10:29 [INFO] Job ID: 1543570', ''],
    ['started job 8666 for tenant-3', ''],
    ['{"job_id": 4711}', ''],
    ['worker: job 123456 done in 3 s', ''],
    ['srun --jobid 1543570 --overlap', ''],
    ['SLURM_JOB_ID=991234', '991234'],
    ['job 3 of 10 done', ''],
    ['step 120000 loss 0.1', ''],
    ['global step: 12000', ''],
    ['Sending spawn jobs of 1 users', ''],
    ['the object 123456 is there', ''],
    ['', ''],
  ] as const) {
    t.equal(jobIdFromText(text), id, text);
  }
});

t.test('trace, span and request ids', async (t) => {
  for (const [text, id] of [
    [`[trace_id=${trace} span_id=90caebbd903be333]`, trace],
    [`{"trace_id":"${trace}"}`, trace],
    [`"traceId": "${trace.toUpperCase()}"`, trace],
    [`{\\"trace_id\\":\\"${trace}\\"}`, trace],
    ['[trace_id=0 span_id=0]', ''],
    [`trace_id=${'0'.repeat(32)}`, ''],
    [`trace_id=${trace}${trace}`, ''],
    [`container ${trace}${trace}`, ''],
    [`trace of ${trace}`, ''],
    ['', ''],
  ] as const) {
    t.equal(traceIdFromText(text), id, text);
  }
  t.equal(spanIdFromText(`[trace_id=${trace} span_id=90caebbd903be333]`), '90caebbd903be333');
  t.equal(spanIdFromText('[trace_id=0 span_id=0]'), '');
  for (const [text, id] of [
    [
      '[req-38101a0b-2096-447d-96ea-a692162415ae 113d3a - - -] GET',
      'req-38101a0b-2096-447d-96ea-a692162415ae',
    ],
    ['request_id=abc-123456 done', 'abc-123456'],
    ['{"requestId": "abc-123456"}', 'abc-123456'],
    [
      'Received request chatcmpl-e7875dc971424cad9015d5f426e29c1f: prompt',
      'chatcmpl-e7875dc971424cad9015d5f426e29c1f',
    ],
    ['received request from client', ''],
    ['', ''],
  ] as const) {
    t.equal(requestIdFromText(text), id, text);
  }
});
