import t from 'tap';
import { guessSeverity } from '../../../../pipeline/ingest/transforms/guess-severity.ts';
import { findTimestamp } from '../../../../pipeline/record/find-timestamp.ts';
import { utc } from '../../../../pipeline/record/timezone.ts';

function guess(text: string): string | undefined {
  return guessSeverity(text, findTimestamp(text, utc, 1_745_000_000)?.end)?.level;
}

t.test('a level field at the head of a line', async (t) => {
  for (const [text, level] of [
    ['INFO 04-18 14:12:51 api_server.py:840] x', 'info'],
    ['(APIServer pid=155) WARNING 11-28 15:28:15 [model.py:1568] x', 'warn'],
    ['(EngineCore_DP0 pid=420) 2025-11-28 15:28:09,929 - INFO - autotuner.py:256 - x', 'info'],
    ['INFO:     127.0.0.1:1 - "GET / HTTP/1.1" 500', 'info'],
    ['WARNING: This is a development server.', 'warn'],
    ['FATAL:   "bris": executable file not found', 'fatal'],
    ['2025-05-23T10:48:28.718722Z  WARN qdrant: x', 'warn'],
    ['2026-01-04 23:47:29 [main] DEBUG c.e.Auth - x', 'debug'],
    [
      "2026-01-04 23:47:33 [cluster-ClusterId{value='695ad1e5ce783671feb0e18b', description='null'}-localhost:27017] INFO  org.mongodb.driver.cluster - x",
      'info',
    ],
    ['2025-07-30 08:46:25 | ERROR    | app:upload:58 - x', 'error'],
    ['[2024-12-11 22:53:55,836] f895a6c78956/DEBUG/locust.main: x', 'debug'],
    ['nova-api.log.1 2017-05-16 00:00:00.008 25746 WARNING nova.x [-] y', 'warn'],
    ['2023-09-11 16:02:28,983 - easyeditor.editors.editor - INFO - x', 'info'],
    ['09/11/2023 16:02:52 - INFO - easyeditor - x', 'info'],
    ['2026-04-21 14:10:28 [INFO] x', 'info'],
    ['2025/01/02 03:04:05 [error] 31#31: x', 'error'],
    ['2025-01-02 03:04:05 warn: x', 'warn'],
    ['Dec  7 10:00:00 host app[12]: ERROR x', 'error'],
    ['[2024-02-27 07:27] WARNING: shape mismatch', 'warn'],
    ['ts=2025-04-30T10:57:18.731Z caller=textfile.go:245 level=error err="level=info"', 'error'],
    ['prometheus  | time=2025-04-11T12:35:44.023Z level=WARN source=main.go:225', 'warn'],
    ['checkout  | {"message":"an error","severity":"info","timestamp":"2025-04-11T12:35:59.03Z"}', 'info'],
    ['{"level":50,"time":1744374957491,"msg":"x"}', 'error'],
    ['mew0:64904:64904 [0] NCCL WARN x', 'warn'],
    ['   1024   0mew0:64904:64904 [1] NCCL INFO AllReduce', 'info'],
    ['W0418 15:06:03.37 12 a.cc:1] x', 'warn'],
    ['[rank0]:[W418 15:06:03.370491913 ProcessGroupNCCL.cpp:1250] x', 'warn'],
    ['- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.363779 R02 RAS KERNEL FATAL x', 'fatal'],
    ['2023-01-16T15:55:54: PM2 error: app=main', 'error'],
  ] as const) {
    t.equal(guess(text), level, text);
  }
});

t.test('sentences that only a failing program writes', async (t) => {
  for (const [text, level] of [
    ['slurmstepd: error: *** JOB 1 ON n CANCELLED ***', 'error'],
    ['2it [35:34,  7.00s/it]slurmstepd: error: *** JOB 1 ***', 'error'],
    ['srun: error: nid007965: tasks 0-7: Exited with exit code 255', 'error'],
    ['Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: 1', 'error'],
    ['[rank0]: Traceback (most recent call last):', 'error'],
    ['{ Error: listen EACCES: permission denied 0.0.0.0:80\n    at x', 'error'],
    ['TypeError: x is not a function', 'error'],
    ['torch.cuda.OutOfMemoryError: CUDA out of memory.', 'error'],
    ['/app/server.js:12\n  throw x\n  ^\n\nError: no', 'error'],
    ['Exception in thread "main" java.lang.NullPointerException', 'error'],
    ['java.lang.IllegalStateException: x\n\tat y', 'error'],
    ['Error response from daemon: No such container: qdrant', 'error'],
    ['Error: failed to start containers: qdrant', 'error'],
    ['panic: runtime error: index out of range\n\ngoroutine 1 [running]:', 'fatal'],
    ['/x/typing.py:63: UserWarning: An issue\n  warnings.warn(', 'warn'],
    ['DeprecationWarning: old', 'warn'],
    ['gcc: error: no input files', 'error'],
  ] as const) {
    t.equal(guess(text), level, text);
  }
});

t.test('words in the middle of a text, and look-alikes, say nothing', async (t) => {
  for (const text of [
    '{"http_errors": 1931, "ok": 12}',
    'NOT_LOGGING_PASSWORD',
    'NOT_LOGGING_PASSWORD=1 set',
    'finished, error=0 warnings=0',
    'error: 0.0532 after epoch 3',
    'Error: 12',
    '0 errors, 0 warnings',
    'prompt: "You are an expert. ERROR: the user says Traceback (most recent call last) happened"',
    'user said "TypeError: x" and left',
    'loss 2.17 error 0.1',
    'ErrorHandler registered',
    'INFORMATION_SCHEMA ready',
    'the panic: room is closed',
    'Fatal1ty joined the game',
    '2023-01-16T15:55:54: PM2 log: App [main:0] online',
    '[2025-10-15 16:12:26] GPU Status:',
    'Debug mode: off',
    '',
  ]) {
    t.equal(guess(text), undefined, text);
  }
  t.equal(
    guess('INFO 04-18 14:22:44 logger.py:39] prompt: "ERROR\nTraceback (most recent call last)"'),
    'info',
    'the field wins',
  );
});
