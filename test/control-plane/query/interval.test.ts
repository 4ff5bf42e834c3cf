import t from 'tap';
import { chooseInterval, formatInterval, parseInterval } from '../../../control-plane/query/interval.ts';

const SECOND = 1_000_000_000n;

t.test('lengths of time are read and written', async (t) => {
  for (const [text, nanos, written = text] of [
    ['500ms', SECOND / 2n],
    ['30', 30n * SECOND, '30s'],
    ['90s', 90n * SECOND],
    ['120s', 120n * SECOND, '2m'],
    ['24h', 86_400n * SECOND, '1d'],
  ] as const) {
    t.equal(parseInterval(text), nanos, text);
    t.equal(formatInterval(nanos), written);
  }
  for (const text of ['', '0', '0s', '-5m', '5 m', '1.5h', '5y', 'auto'])
    t.equal(parseInterval(text), undefined, text);
});

t.test('an interval is chosen by the length of the range', async (t) => {
  for (const [seconds, expected] of [
    [1n, '10ms'],
    [60n, '1s'],
    [900n, '10s'],
    [3_600n, '1m'],
    [86_400n, '15m'],
    [7n * 86_400n, '2h'],
    [30n * 86_400n, '12h'],
    [20n * 365n * 86_400n, '90d'],
    [300n * 365n * 86_400n, '1096d'],
  ] as const)
    t.equal(formatInterval(chooseInterval(seconds * SECOND, 100n)), expected, `${seconds} s`);
});
