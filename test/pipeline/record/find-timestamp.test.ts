import t from 'tap';
import { findTimestamp } from '../../../pipeline/record/find-timestamp.ts';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';

function find(text: string, arrival = '2025-04-20T00:00:00Z'): string | undefined {
  const found = findTimestamp(text, utc, parseTimestamp(arrival, utc)!.seconds);
  return found && formatTimestamp(found.time);
}

t.test('finds the time at the head of a line', async (t) => {
  for (const [text, expected] of [
    ['2025-05-23T10:48:28.718722Z  WARN qdrant: x', '2025-05-23T10:48:28.718722Z'],
    ['2026-01-04 23:47:29 [main] INFO  c.e.Auth - x', '2026-01-04T23:47:29Z'],
    ['[2024-12-11 22:53:55,836] host/INFO/locust.main: x', '2024-12-11T22:53:55.836Z'],
    ['[2025-10-15 16:12:26] GPU Status:', '2025-10-15T16:12:26Z'],
    ['[2024-02-27 07:26] ** Platform: Linux', '2024-02-27T07:26:00Z'],
    ['2023-01-16T15:55:54: PM2 log: x', '2023-01-16T15:55:54Z'],
    ['2025-07-30 08:43:28 | INFO     | app.logger:setup:34 - x', '2025-07-30T08:43:28Z'],
    ['2023-09-11 16:02:28,983 - easyeditor - INFO - x', '2023-09-11T16:02:28.983Z'],
    ['09/11/2023 16:02:52 - INFO - x', '2023-09-11T16:02:52Z'],
    ['31/12/2023 16:02:52 x', '2023-12-31T16:02:52Z'],
    ['2025/01/02 03:04:05 [error] 31#31: x', '2025-01-02T03:04:05Z'],
    ['127.0.0.1 - - [18/Apr/2025 15:02:39] "POST / HTTP/1.1" 200 -', '2025-04-18T15:02:39Z'],
    ['10.0.0.1 - bob [18/Apr/2025:15:02:39 +0200] "GET /"', '2025-04-18T13:02:39Z'],
    ['ts=2025-04-30T10:57:18.731Z caller=a.go:1 level=info', '2025-04-30T10:57:18.731Z'],
    ['level=info ts=2025-04-30T10:57:18.731Z msg=x', '2025-04-30T10:57:18.731Z'],
    ['time="2025-04-30T10:57:18Z" level=info', '2025-04-30T10:57:18Z'],
    ['prometheus  | time=2025-04-11T12:35:44.023Z level=INFO', '2025-04-11T12:35:44.023Z'],
    ['recommendation  | 2025-04-11 12:35:56,093 WARNING [x]', '2025-04-11T12:35:56.093Z'],
    ['checkout  | {"message":"x","timestamp":"2025-04-11T12:35:59.03Z"}', '2025-04-11T12:35:59.03Z'],
    ['payment  | {"level":"info","time":1744374957491,"pid":17}', '2025-04-11T12:35:57.491Z'],
    ['"log":"x\\n","time":"2016-03-02T22:59:04.647847045Z"}', '2016-03-02T22:59:04.647847045Z'],
    ['nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO x', '2017-05-16T00:00:00.008Z'],
    [
      '- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.363779 R02 RAS KERNEL INFO x',
      '2005-06-03T15:42:50.363779Z',
    ],
    ['2005-06-03-15.42.50.363779 x', '2005-06-03T15:42:50.363779Z'],
    ['<34>1 2003-10-11T22:14:15.003Z host su - x', '2003-10-11T22:14:15.003Z'],
    ['W20250418 15:06:03.370491 12 a.cc:1] x', '2025-04-18T15:06:03.370491Z'],
  ] as const) {
    t.equal(find(text), expected, text);
  }
});

t.test('a time without a year is the one nearest to arrival', async (t) => {
  for (const [text, arrival, expected] of [
    ['INFO 04-18 14:12:51 api_server.py:840] x', '2025-04-20T00:00:00Z', '2025-04-18T14:12:51Z'],
    ['06-18 09:16:00 x', '2025-07-01T00:00:00Z', '2025-06-18T09:16:00Z'],
    ['(APIServer pid=155) INFO 11-28 15:27:15 [api.py:1] x', '2025-11-29T00:00:00Z', '2025-11-28T15:27:15Z'],
    ['Dec  7 10:00:00 host sshd[1]: x', '2025-01-02T00:00:00Z', '2024-12-07T10:00:00Z'],
    ['<13>Dec 31 23:59:59 host x', '2026-01-01T00:00:10Z', '2025-12-31T23:59:59Z'],
    ['Jan  1 00:00:01 host x', '2025-12-31T23:59:59Z', '2026-01-01T00:00:01Z'],
    ['W0418 15:06:03.37 12 a.cc:1] x', '2025-04-20T00:00:00Z', '2025-04-18T15:06:03.37Z'],
    [
      '[rank0]:[W418 15:06:03.370491913 P.cpp:1250] Warning',
      '2025-04-20T00:00:00Z',
      '2025-04-18T15:06:03.370491913Z',
    ],
    ['02-29 12:00:00 x', '2024-03-01T00:00:00Z', '2024-02-29T12:00:00Z'],
  ] as const) {
    t.equal(find(text, arrival), expected, text);
  }
});

t.test('no time is made up', async (t) => {
  for (const text of [
    '',
    'nohup: ignoring input',
    '0, 54, 8442, 24576, 49',
    '13-45 09:16:00 x',
    '02-30 12:00:00 x',
    '2025-02-30 12:00:00 x',
    '1234567890 bytes',
    '10.0.0.1:8000 up',
    'INFO:     127.0.0.1:41234 - "GET / HTTP/1.1" 200 OK',
    'slurmstepd: error: *** JOB 1 ON n CANCELLED AT 2022-10-13T04:10:12 ***',
    'Start: Tue Apr 21 14:10:22 PDT 2026',
    '{"http_errors": 1931, "elapsed": 12.5}',
  ]) {
    t.equal(find(text), undefined, text);
  }
});
