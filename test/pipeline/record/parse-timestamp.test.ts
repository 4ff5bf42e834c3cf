import t from 'tap';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { createZone, utc } from '../../../pipeline/record/timezone.ts';

function read(text: string, zone = utc): string | undefined {
  const time = parseTimestamp(text, zone);
  return time && formatTimestamp(time);
}

t.test('reads what a time key holds, to the digit that was written', async (t) => {
  for (const [text, expected] of [
    ['2026-11-20T13:44:05.940950Z', '2026-11-20T13:44:05.940950Z'],
    ['2026-11-20t13:44:05z', '2026-11-20T13:44:05Z'],
    ['2026-11-20T13:44:05.000000001Z', '2026-11-20T13:44:05.000000001Z'],
    ['2026-11-20T13:44:05.1234567891234Z', '2026-11-20T13:44:05.123456789Z'],
    ['2026-11-20T13:44:05+02:00', '2026-11-20T11:44:05Z'],
    ['2026-11-20T13:44:05.5-0930', '2026-11-20T23:14:05.5Z'],
    ['2026-11-20T13:44:05+02', '2026-11-20T11:44:05Z'],
    ['2026-11-20 13:44:05', '2026-11-20T13:44:05Z'],
    ['2026-11-20 13:44:05,123', '2026-11-20T13:44:05.123Z'],
    ['2026-11-20 13:44:05.1 +0100', '2026-11-20T12:44:05.1Z'],
    ['2026-11-20 13:44:05 UTC', '2026-11-20T13:44:05Z'],
    ['2026-11-20T13:44', '2026-11-20T13:44:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.5Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
    ['1744374957', '2025-04-11T12:35:57Z'],
    ['1744374957.491', '2025-04-11T12:35:57.491Z'],
    ['1744374957.120', '2025-04-11T12:35:57.120Z'],
    ['1744374957491', '2025-04-11T12:35:57.491Z'],
    ['1744374957491.25', '2025-04-11T12:35:57.49125Z'],
    ['1744374957491002', '2025-04-11T12:35:57.491002Z'],
    ['1744374957491002003', '2025-04-11T12:35:57.491002003Z'],
    ['1.744374957e9', '2025-04-11T12:35:57Z'],
    ['-1000000000.25', '1938-04-24T22:13:19.75Z'],
  ] as const) {
    t.equal(read(text), expected, text);
  }
});

t.test('what cannot be a time is none', async (t) => {
  for (const text of [
    '',
    'yesterday',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31 10:00:00',
    '2026-11-20T24:00:00Z',
    '2026-11-20T10:60:00Z',
    '0001-01-01T00:00:00Z',
    '2300-01-01T00:00:00Z',
    '2026-11-20T13:44:05Z and more',
    '2026-11-20',
    '12.5',
    '42',
    '99999999999999999999',
    '1e21',
    '-1e308',
    '1e999',
    '0e0',
  ]) {
    t.equal(read(text), undefined, text);
  }
});

t.test('a time without a zone is one of the default zone', async (t) => {
  const luxembourg = createZone('Europe/Luxembourg');
  for (const [text, expected] of [
    ['2026-07-01 12:00:00', '2026-07-01T10:00:00Z'],
    ['2026-01-01 12:00:00', '2026-01-01T11:00:00Z'],
    // The clock skips an hour at 2 on 29 March and repeats one at 3 on 25 October.
    ['2026-03-29 01:59:59', '2026-03-29T00:59:59Z'],
    ['2026-03-29 03:00:00', '2026-03-29T01:00:00Z'],
    ['2026-10-25 01:59:59', '2026-10-24T23:59:59Z'],
    ['2026-10-25 03:00:00', '2026-10-25T02:00:00Z'],
    ['2026-07-01 12:00:00Z', '2026-07-01T12:00:00Z'],
  ] as const) {
    t.equal(read(text, luxembourg), expected, text);
  }
  t.equal(read('2026-01-01 12:00:00', createZone('Asia/Kathmandu')), '2026-01-01T06:15:00Z', 'quarter hours');
  t.throws(() => createZone('Mars/Olympus'), RangeError);
});
