import t from 'tap';
import {
  severityOfOtlp,
  severityOfPino,
  severityOfSyslog,
  severityOfWord,
} from '../../../pipeline/record/severity.ts';

t.test('words become the five levels; the spelling is kept where it says more', async (t) => {
  for (const [word, level, spelling] of [
    ['info', 'info', ''],
    ['INFO', 'info', ''],
    ['Info', 'info', 'Info'],
    ['trace', 'debug', 'trace'],
    ['verbose', 'debug', 'verbose'],
    ['NOTICE', 'info', 'NOTICE'],
    ['Information', 'info', 'Information'],
    ['WARNING', 'warn', 'WARNING'],
    ['wArNiNg', 'warn', 'wArNiNg'],
    ['err', 'error', 'err'],
    ['SEVERE', 'error', 'SEVERE'],
    ['CRITICAL', 'fatal', 'CRITICAL'],
    ['alert', 'fatal', 'alert'],
    ['emerg', 'fatal', 'emerg'],
    ['panic', 'fatal', 'panic'],
    ['W', 'warn', 'W'],
    ['e', 'error', 'e'],
  ] as const) {
    t.same(severityOfWord(word), { level, spelling }, word);
  }
  for (const word of ['', 'banana', 'errors', 'x', 'a level that is far too long to be one']) {
    t.equal(severityOfWord(word), undefined, word);
  }
});

t.test('numbers become levels by the scale of their key', async (t) => {
  t.same(
    [10, 20, 30, 35, 40, 50, 60].map((n) => severityOfPino(n)?.level),
    ['debug', 'debug', 'info', 'info', 'warn', 'error', 'fatal'],
  );
  t.same(
    [1, 4, 5, 8, 9, 12, 13, 17, 21, 24].map((n) => severityOfOtlp(n)?.level),
    ['debug', 'debug', 'debug', 'debug', 'info', 'info', 'warn', 'error', 'fatal', 'fatal'],
  );
  t.same(
    [0, 2, 3, 4, 5, 6, 7].map((n) => severityOfSyslog(n)?.level),
    ['fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'],
  );
  for (const n of [-1, Number.NaN, 500]) {
    t.equal(severityOfPino(n), undefined);
    t.equal(severityOfOtlp(n), undefined);
    t.equal(severityOfSyslog(n), undefined);
  }
  t.equal(severityOfOtlp(0), undefined, 'unspecified');
});
