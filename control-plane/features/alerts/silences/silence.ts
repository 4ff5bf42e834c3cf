import { z } from 'zod';
import { badRequest } from '../../../../pipeline/runtime/errors.ts';
import { describeIssues } from '../rules/rule.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const CLOCK = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 02:30');
const INSTANT = z.iso.datetime({ offset: true, error: 'expected RFC 3339, as in 2026-11-25T08:00:00Z' });
const TIMEZONE = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}, 'expected a time zone such as UTC or Europe/Berlin');

/** Hours of every week; an end before the start is on the next day. */
const WEEKLY = z.strictObject({
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .default([...DAYS])
    .describe('Days on which it begins'),
  start: CLOCK.describe('When it begins, as `22:00`'),
  end: CLOCK.describe('When it ends; before `start` means on the next day'),
  timezone: TIMEZONE.default('UTC').describe('The time zone of `start` and `end`'),
});

/**
 * When alerts are not notified: once, from `from` to `to`, or every week (a maintenance window). It concerns alerts of `rule`
 * (`*` stands for any text) that have all `labels`; without either, all alerts.
 */
export const SILENCE = z
  .strictObject({
    rule: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'The rule; `*` stands for any text. All rules by default', examples: ['gpu-*'] }),
    labels: z
      .record(z.string(), z.string())
      .default({})
      .describe('Labels that an alert must have, with their values'),
    from: INSTANT.optional().describe('When it begins; now by default'),
    to: INSTANT.optional().meta({ description: 'When it ends', examples: ['2026-06-04T18:00:00Z'] }),
    weekly: WEEKLY.optional().describe('Hours of the week, for a maintenance window'),
    comment: z
      .string()
      .max(500)
      .default('')
      .meta({ description: 'Why', examples: ['driver update'] }),
  })
  .refine(({ to, weekly }) => to !== undefined || weekly !== undefined, {
    path: ['to'],
    message: 'expected an end, or hours of the week in weekly',
  });

export type Silence = z.infer<typeof SILENCE>;

/** @throws LogplaneError `bad_request` */
export function parseSilence(value: unknown): Silence {
  const result = SILENCE.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(describeIssues(result.error));
}

/** @param now milliseconds since 1970 */
export function isSilenced(
  silences: Iterable<Silence>,
  alert: { readonly rule: string; readonly labels: Readonly<Record<string, string>> },
  now: number,
): boolean {
  for (const silence of silences) {
    if (concerns(silence, alert) && isInForce(silence, now)) return true;
  }
  return false;
}

function concerns(
  { rule, labels }: Silence,
  alert: { readonly rule: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  if (rule !== undefined && !fits(rule, alert.rule)) return false;
  return Object.entries(labels).every(([name, value]) => alert.labels[name] === value);
}

/** `*` stands for any text. */
function fits(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === head;
  const tail = rest.pop()!;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  let from = head.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at === -1 || at + piece.length > text.length - tail.length) return false;
    from = at + piece.length;
  }
  return true;
}

export function isInForce({ from, to, weekly }: Silence, now: number): boolean {
  if (from !== undefined && now < Date.parse(from)) return false;
  if (to !== undefined && now >= Date.parse(to)) return false;
  return weekly === undefined || isWithinWeek(weekly, now);
}

function isWithinWeek({ days, start, end, timezone }: z.infer<typeof WEEKLY>, now: number): boolean {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string) => parts.find((item) => item.type === type)?.value ?? '';
  const day = DAYS.indexOf(part('weekday').toLowerCase() as (typeof DAYS)[number]);
  const clock = `${part('hour')}:${part('minute')}`;
  const on = (index: number) => days.includes(DAYS[(index + 7) % 7]!);
  if (start < end) return on(day) && clock >= start && clock < end;
  return (on(day) && clock >= start) || (on(day - 1) && clock < end);
}
