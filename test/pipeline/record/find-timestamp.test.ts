import t from 'tap';
import { readWriterPrefix } from '../../../pipeline/ingest/transforms/writer-prefix.ts';
import { findTimestamp, parseWrittenTime } from '../../../pipeline/record/find-timestamp.ts';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { createZone, utc, type Zone } from '../../../pipeline/record/timezone.ts';

function find(text: string, arrival = '2025-04-20T00:00:00Z', zone: Zone = utc): string | undefined {
  const { length } = readWriterPrefix(text);
  const found = findTimestamp(text, zone, parseTimestamp(arrival, utc)!.seconds, length);
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
    ['\ufeff2025-04-18T15:06:03Z x', '2025-04-18T15:06:03Z'],
    ['\n 2025-04-18T15:06:03Z x', '2025-04-18T15:06:03Z'],
  ] as const) {
    t.equal(find(text), expected, text);
  }
});

t.test('a time without a year is the latest one that is not in the future', async (t) => {
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
    ['02-29 12:00:00 x', '2026-06-01T00:00:00Z', '2024-02-29T12:00:00Z'],
    ['Jul  1 10:00:00 host x', '2026-01-15T00:00:00Z', '2025-07-01T10:00:00Z'],
    ['Dec  2 10:00:00 host x', '2026-11-30T12:00:00Z', '2025-12-02T10:00:00Z'],
    ['12-31 23:59:59 x', '2026-01-10T00:00:00Z', '2025-12-31T23:59:59Z'],
    ['Mon Nov 30 12:00:00 host x', '2026-12-01T00:00:00Z', '2026-11-30T12:00:00Z'],
    ['[1] 19 Nov 09:11:37.123 * x', '2026-12-01T00:00:00Z', '2026-11-19T09:11:37.123Z'],
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

t.test('the forms of real programs, with zones by name and clocks of twelve hours', async (t) => {
  for (const [text, expected] of [
    ['[Thu Nov 19 09:11:37.123456 2026] [core:error] x', '2026-11-19T09:11:37.123456Z'],
    ['[Thu Nov 19 09:11:37 2026] NVRM: Xid', '2026-11-19T09:11:37Z'],
    ['1:M 05 Nov 2026 20:11:50.970 # Out of memory allocating', '2026-11-05T20:11:50.970Z'],
    ['[INFO|trainer.py:2134] 2026-11-20 21:38:11,090 >> ***** Running', '2026-11-20T21:38:11.090Z'],
    ['[NeMo W 2026-11-20 21:38:11 nemo_logging:349] Deprecated', '2026-11-20T21:38:11Z'],
    ['[ERROR] [1694412660.108488351] [node]: bad', '2023-09-11T06:11:00.108488351Z'],
    ['[ WARN] [1694412660.108488351, 12.300]: bad', '2023-09-11T06:11:00.108488351Z'],
    ['26/11/19 09:11:37 WARN TaskSetManager: Lost', '2026-11-19T09:11:37Z'],
    ['Thu, 19 Nov 2026 09:11:37 +0100 job started', '2026-11-19T08:11:37Z'],
    ['2026-07-30 14:09:27 CEST app@10.0.0.1(51166)', '2026-07-30T12:09:27Z'],
    ['2026-11-02 20:18:52 +03 [2393279]: [20-1]', '2026-11-02T17:18:52Z'],
    ['2026-11-02 20:18:52.100 EST [77] ERROR', '2026-11-03T01:18:52.100Z'],
    ['11/19/2026 09:11:37 PM ERROR x', '2026-11-19T21:11:37Z'],
    ['11/19/2026 9:11:37 PM ERROR x', '2026-11-19T21:11:37Z'],
    ['11/19/2026, 12:11:37 AM ERROR x', '2026-11-19T00:11:37Z'],
    ['11/19/2026 09:11:37 PMU counters read', '2026-11-19T09:11:37Z'],
    ['2026-11-19 09:11:37:123 ERROR x', '2026-11-19T09:11:37.123Z'],
    ['2026-11-02 20:18:52 - 12 items', '2026-11-02T20:18:52Z'],
    ['2026-11-02 20:18:52 ESTIMATED cost 5', '2026-11-02T20:18:52Z'],
    ['2026-11-02 20:18:52 -12 degrees', '2026-11-02T20:18:52Z'],
    ['2026-11-02 20:18:52 GMT+2 x', '2026-11-02T18:18:52Z'],
    ['2026-11-02 20:18:52 UTC-05:00 x', '2026-11-03T01:18:52Z'],
    ['# Time: 2026-11-30T12:00:00.123456Z', '2026-11-30T12:00:00.123456Z'],
    ['# Time: 261130  9:38:37', '2026-11-30T09:38:37Z'],
    ['261130 20:38:37 [ERROR] x', '2026-11-30T20:38:37Z'],
    ['2026-11-30  9:05:01 0 [Note] x', '2026-11-30T09:05:01Z'],
    ['2026-11-30 9:05:01 0 [Note] x', '2026-11-30T09:05:01Z'],
    ['[30-Nov-2026 20:34:03 Europe/Berlin] PHP Warning', '2026-11-30T19:34:03Z'],
    ['[30-Nov-2026 20:34:03 UTC] PHP Warning', '2026-11-30T20:34:03Z'],
    ['[11/30/2026, 7:34:02 PM] [info] route', '2026-11-30T19:34:02Z'],
    ['[Nest] 1234  - 11/30/2026, 9:11:37 AM     LOG [NestFactory] Starting', '2026-11-30T09:11:37Z'],
    ['Nov 30, 2026 7:33:55 PM app.Main main', '2026-11-30T19:33:55Z'],
    ['I, [2026-11-30T12:00:00.123456 #1234]  INFO -- : m', '2026-11-30T12:00:00.123456Z'],
    ['[I 2026-11-30 12:00:00.123 ServerApp] msg', '2026-11-30T12:00:00.123Z'],
    ['[W 261130 12:00:00 web:123] x', '2026-11-30T12:00:00Z'],
    ['I261130 12:00:00.123456 1 file.go:12] x', '2026-11-30T12:00:00.123456Z'],
    ['1796067061.814 20 INFO 29545 x', '2026-11-30T19:31:01.814Z'],
    ['[1694412660] SERVICE ALERT', '2023-09-11T06:11:00Z'],
    ['[1694412660.108488] [gpu3:4711 :0]  ib_device.c:466  UCX  ERROR x', '2023-09-11T06:11:00.108488Z'],
    ['Mon 2026-11-30 12:00:00 CET host prog[1]: x', '2026-11-30T11:00:00Z'],
    ['Thu Nov 19 09:11:37 UTC 2026', '2026-11-19T09:11:37Z'],
    ['Thu 19 Nov 2026 09:11:37 AM CET', '2026-11-19T08:11:37Z'],
    ['Thu Nov 19 2026 09:11:37 GMT+0100 (Central', '2026-11-19T08:11:37Z'],
    ['[11/19/2026-09:40:47] [TRT-LLM] [E] Failed', '2026-11-19T09:40:47Z'],
    ['ts=1694412660.1084883 level=info', '2023-09-11T06:11:00.1084883Z'],
    ['level=info ts=1694412660 msg=x', '2023-09-11T06:11:00Z'],
    ['20261130 12:00:00.123 x', '2026-11-30T12:00:00.123Z'],
    ['20261130T120000Z x', '2026-11-30T12:00:00Z'],
    ['30.11.2026 12:00:00 x', '2026-11-30T12:00:00Z'],
    ['05/12/2026 10:00:00 x', '2026-05-12T10:00:00Z'],
    ['13/12/2026 10:00:00 x', '2026-12-13T10:00:00Z'],
    ['2199-01-01 00:00:00 x', '2199-01-01T00:00:00Z'],
    ['*** 2026-11-30 12:00:00.123 ***', '2026-11-30T12:00:00.123Z'],
    ['[4711.batch] 2026-11-30 12:00:00 x', '2026-11-30T12:00:00Z'],
    ['10.0.0.1 - - [18/Apr/2025:15:02:39 +0200] "GET', '2025-04-18T13:02:39Z'],
    ['ERROR: 2026-11-30 12:00:00 x', '2026-11-30T12:00:00Z'],
    ['2026-11-30T12:00:00,123456+01:00 kernel x', '2026-11-30T11:00:00.123456Z'],
    ['<11>1 2026-11-19T09:11:37.003Z host1', '2026-11-19T09:11:37.003Z'],
    ['2026-11-05T20:11:50.970826-00:00 341377 [Warning]', '2026-11-05T20:11:50.970826Z'],
    ['2026-11-30 12:00:00 AM x', '2026-11-30T00:00:00Z'],
    ['2026-11-30 12:00:00 pm. x', '2026-11-30T12:00:00Z'],
    ['2026-11-30 14:00:00 PM x', '2026-11-30T14:00:00Z'],
    ['2026-11-30 12:00:00 +0100 x', '2026-11-30T11:00:00Z'],
    ['2026-11-30 12:00:00.1+01 x', '2026-11-30T11:00:00.1Z'],
    ['2026-11-30 12:00:00 A new day', '2026-11-30T12:00:00Z'],
  ] as const) {
    t.equal(find(text, '2026-11-30T13:00:00Z'), expected, text);
  }
});

t.test('no time is made of what only looks like one, or of a zone that cannot be known', async (t) => {
  for (const text of [
    '2026-11-02 20:18:52.100 CST [77] ERROR',
    '1796067061 bytes',
    '0, 54, 8442',
    'E 20:31:01 cannot',
    '1/2 done',
    '26/11/19 files',
    '1: 2 x',
    '2026-11-02 20:18:52 IST x',
    '30/11/26 12:00:00 x',
    '1694412660.1 seconds',
    'v1.2.3 2026-11-30',
    '[resnet] 12 layers',
  ]) {
    t.equal(find(text, '2026-11-30T13:00:00Z'), undefined, text);
  }
});

t.test('a name of several zones is read where the zone of the machine is one of them', async (t) => {
  const at = '2026-11-30T13:00:00Z';
  t.equal(find('2026-11-02 20:18:52 CST x', at, createZone('Asia/Shanghai')), '2026-11-02T12:18:52Z');
  t.equal(find('2026-11-02 20:18:52 CST x', at, createZone('America/Chicago')), '2026-11-03T02:18:52Z');
  t.equal(find('2026-11-02 20:18:52 IST x', at, createZone('Asia/Kolkata')), '2026-11-02T14:48:52Z');
  t.equal(find('2026-11-02 20:18:52 CST x', at, createZone('Europe/Berlin')), undefined);
  t.equal(find('2026-11-02 20:18:52 CET x', at, createZone('Asia/Shanghai')), '2026-11-02T19:18:52Z');
});

t.test('a text that is a time as a whole', async (t) => {
  const read = (text: string) => {
    const time = parseWrittenTime(text, utc);
    return time && formatTimestamp(time);
  };
  for (const [text, expected] of [
    ['19/Nov/2026:09:40:47 +0100', '2026-11-19T08:40:47Z'],
    ['Thu, 19 Nov 2026 09:40:47 GMT', '2026-11-19T09:40:47Z'],
    ['Thu Nov 19 2026 09:11:37 GMT+0100', '2026-11-19T08:11:37Z'],
    ['2026-11-19T09:40:47+01:00[Europe/Berlin]', '2026-11-19T08:40:47Z'],
    ['11/19/2026 09:11:37 PM', '2026-11-19T21:11:37Z'],
    ['Nov 19 09:40:47', undefined],
    ['19 Nov 2026 09:40:47 and more', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ] as const) {
    t.equal(read(text), expected, text);
  }
});
