import t from 'tap';
import {
  isInForce,
  isSilenced,
  parseSilence,
} from '../../../../../control-plane/features/alerts/silences/silence.ts';

const alert = { rule: 'gpu-xid-critical', labels: { machine_id: 'gpu-1' } };
const now = Date.UTC(2026, 10, 25, 23, 30);
const to = '2026-11-26T00:00:00Z';

t.test('a silence concerns rules by name or pattern, and labels', async (t) => {
  const cases: [object, boolean][] = [
    [{ to }, true],
    [{ to, rule: 'gpu-xid-critical' }, true],
    [{ to, rule: 'gpu-*' }, true],
    [{ to, rule: '*-critical' }, true],
    [{ to, rule: 'g*x*l' }, true],
    [{ to, rule: 'gpu' }, false],
    [{ to, rule: 'gpu-xid-critical*critical' }, false],
    [{ to, labels: { machine_id: 'gpu-1' } }, true],
    [{ to, labels: { machine_id: 'gpu-2' } }, false],
    [{ to: '2026-11-25T23:30:00Z' }, false],
    [{ to, from: '2026-11-25T23:31:00Z' }, false],
  ];
  for (const [silence, expected] of cases) {
    t.equal(isSilenced([parseSilence(silence)], alert, now), expected, JSON.stringify(silence));
  }
});

t.test('maintenance windows come every week, in their own time zone and over midnight', async (t) => {
  const at = (weekly: object, time: string) => isInForce(parseSilence({ weekly }), Date.parse(time));
  const tuesday = { days: ['tue'], start: '02:00', end: '04:00' };
  t.ok(at(tuesday, '2026-11-24T02:00:00Z'));
  t.notOk(at(tuesday, '2026-11-24T04:00:00Z'));
  t.notOk(at(tuesday, '2026-11-25T03:00:00Z'));
  const night = { days: ['fri'], start: '23:00', end: '01:00', timezone: 'Europe/Berlin' };
  t.ok(at(night, '2026-11-27T22:30:00Z'), 'Friday 23:30 in Berlin');
  t.ok(at(night, '2026-11-27T23:30:00Z'), 'Saturday 00:30 in Berlin');
  t.notOk(at(night, '2026-11-28T22:30:00Z'));
});

t.test('what makes no sense is refused', async (t) => {
  const problems: [object, RegExp][] = [
    [{}, /to: expected an end/],
    [{ to: 'tomorrow' }, /to: expected RFC 3339/],
    [{ weekly: { start: '25:00', end: '01:00' } }, /weekly.start: expected a time of day/],
    [{ weekly: { start: '01:00', end: '02:00', timezone: 'Mars' } }, /weekly.timezone: expected a time zone/],
  ];
  for (const [silence, message] of problems) t.throws(() => parseSilence(silence), { message });
});
