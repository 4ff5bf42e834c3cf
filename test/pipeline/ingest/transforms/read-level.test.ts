import t from 'tap';
import { readLevel, severityOfValue } from '../../../../pipeline/ingest/transforms/read-level.ts';

t.test('the level in the fields of the loggers that people use', async (t) => {
  for (const [fields, key, level] of [
    [{ level: 'info' }, 'level', 'info'],
    [{ level: '\u001b[31merror\u001b[39m' }, 'level', 'error'],
    [{ level: 'ERROR:' }, 'level', 'error'],
    [{ level: '[warn]' }, 'level', 'warn'],
    [{ level: 30 }, 'level', 'info'],
    [{ level: 50 }, 'level', 'error'],
    [{ level: '50' }, 'level', 'error'],
    [{ level: 40 }, 'level', 'warn'],
    [{ level: 40, funcName: 'main', lineno: 7 }, 'level', 'error'],
    [{ level: 30, threadName: 'MainThread' }, 'level', 'warn'],
    [{ levelno: 40 }, 'levelno', 'error'],
    [{ levelno: 20, levelname: 'INFO' }, 'levelname', 'info'],
    [{ level: 40, levelname: 'ERROR' }, 'levelname', 'error'],
    [{ level: 400, level_name: 'ERROR', channel: 'app' }, 'level_name', 'error'],
    [{ level: 400 }, 'level', 'error'],
    [{ level: 250 }, 'level', 'info'],
    [{ level: 550 }, 'level', 'fatal'],
    [{ level: 3, short_message: 'x', version: '1.1' }, 'level', 'error'],
    [{ level: 7, facility: 'auth' }, 'level', 'debug'],
    [{ severity: 4 }, 'severity', 'warn'],
    [{ severity: 17 }, 'severity', 'error'],
    [{ severity: 500 }, 'severity', 'error'],
    [{ severity: 'ERROR' }, 'severity', 'error'],
    [{ severity_number: 17 }, 'severity_number', 'error'],
    [{ PRIORITY: '3' }, 'PRIORITY', 'error'],
  ] as const) {
    const read = readLevel(fields);
    t.same([read?.key, read?.severity.level], [key, level], JSON.stringify(fields));
  }
});

t.test('what is no level leaves the record without one', async (t) => {
  for (const fields of [
    {},
    { level: '' },
    { level: 'B2' },
    { level: 'basement' },
    { level: 123 },
    { level: 8 },
    { event: 'purchase', level: 3 },
    { level: '5', player: 'bob' },
    { lvl: 0 },
    { level: -1 },
    { level: 1e9 },
    { level: Number.NaN },
    { level: { name: 'x' } },
    { severity: null },
    { levelno: 0 },
  ]) {
    t.equal(readLevel(fields), undefined, JSON.stringify(fields));
  }
});

t.test('the received spelling is kept where it says more', async (t) => {
  t.same(severityOfValue('ERROR:'), { level: 'error', spelling: '' });
  t.same(severityOfValue('\u001b[33mWarning\u001b[39m'), { level: 'warn', spelling: 'Warning' });
  t.same(severityOfValue(400), { level: 'error', spelling: '400' });
});
