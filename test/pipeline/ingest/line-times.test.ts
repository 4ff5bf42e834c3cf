import t from 'tap';
import { LineTimes } from '../../../pipeline/ingest/line-times.ts';
import type { CollectedLine } from '../../../pipeline/ingest/sources/files/collected-batch.ts';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';

const READ_AT = '2026-11-30T12:00:00Z';

function lines(isHistory: boolean, ...texts: readonly string[]): CollectedLine[] {
  return texts.map((text) => ({ text, readAt: parseTimestamp(READ_AT, utc)!, isHistory }));
}

function timesOf(times: LineTimes, file: string, batch: readonly CollectedLine[]): string[] {
  return times.of(file, batch).map(formatTimestamp);
}

t.test(
  'a line without a time that is read as history takes the time of the timed line before it',
  async (t) => {
    const times = new LineTimes('Europe/Berlin');
    t.same(
      timesOf(
        times,
        'a.log',
        lines(
          true,
          'banner',
          '2026-11-20 10:00:00 INFO started',
          'loss 0.5',
          '3: 2026-11-20T09:30:00Z INFO x',
          '3: loss 0.4',
          '{"time":"2026-11-20T10:30:00.5Z","msg":"x"}',
          'no time',
        ),
      ),
      [
        '2026-11-20T09:00:00Z',
        READ_AT,
        '2026-11-20T09:00:00Z',
        READ_AT,
        '2026-11-20T09:30:00Z',
        READ_AT,
        '2026-11-20T10:30:00.5Z',
      ],
      'the zone is that of the server, and a line with a time keeps its own',
    );
    t.same(timesOf(times, 'a.log', lines(true, 'next batch')), ['2026-11-20T10:30:00.5Z'], 'over batches');
    t.same(
      timesOf(times, 'b.log', lines(true, 'x', 'y')),
      [READ_AT, READ_AT],
      'of another file nothing is known',
    );
  },
);

t.test('history is never later than its file was changed', async (t) => {
  const times = new LineTimes('UTC');
  t.same(timesOf(times, 'a.log', lines(true, '2199-01-01 00:00:00 INFO x', 'y')), [READ_AT, READ_AT]);
});

t.test('a line read as it is written keeps the time of reading', async (t) => {
  const times = new LineTimes('UTC');
  t.same(timesOf(times, 'a.log', lines(false, '2026-11-30 11:00:00 INFO x', 'y')), [READ_AT, READ_AT]);
  t.same(
    timesOf(times, 'a.log', lines(false, '2026-11-30 12:00:01 INFO x', 'y')),
    [READ_AT, '2026-11-30T12:00:01Z'],
    'and is not earlier than the line before it',
  );
  t.same(
    timesOf(times, 'a.log', lines(false, '2199-01-01 00:00:00 INFO x', 'y')),
    [READ_AT, READ_AT],
    'unless that has the time of a clock that is wrong',
  );
});
