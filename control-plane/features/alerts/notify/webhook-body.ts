import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { PACKAGE_ROOT } from '../../../../pipeline/runtime/package-root.ts';
import { type AlertEvent, formatAlert, messageId } from '../evaluate/alert-event.ts';
import type { Rule } from '../rules/rule.ts';
import { WEBHOOK_TEMPLATES } from '../rules/rule-words.ts';
import type { Webhook } from './webhook.ts';

/** Red, orange, yellow, blue; green for resolved alerts. */
const COLORS: Readonly<Record<Rule['severity'] | 'resolved', string>> = {
  critical: '#b00020',
  error: '#d9480f',
  warning: '#e0a800',
  info: '#2f6fde',
  resolved: '#2e7d32',
};
/** Characters of a field that receivers accept. */
const FIELD_CHARACTERS = 1_000;

const handlebars = Handlebars.create();
handlebars.registerHelper('json', (value: unknown) => JSON.stringify(value ?? null));
/** Escapes the three characters that Slack reads as markup. */
handlebars.registerHelper('slack', (value: unknown) =>
  JSON.stringify(
    String(value ?? '').replace(
      /[&<>]/g,
      (character) => ({ '&': '&amp;', '<': '&lt;' })[character] ?? '&gt;',
    ),
  ),
);

const folder = new URL('templates/webhooks/', PACKAGE_ROOT);
const templates = new Map(
  WEBHOOK_TEMPLATES.map((name) => [
    name,
    handlebars.compile(readFileSync(new URL(`${name}.hbs`, folder), 'utf8'), { noEscape: true }),
  ]),
);

/** The body for a receiver: JSON, rendered by the webhook's template in `templates/webhooks/`. */
export function webhookBody(event: AlertEvent, { template, routing_key }: Webhook): string {
  const alert = formatAlert(event);
  const resolved = event.state === 'resolved';
  const color = COLORS[resolved ? 'resolved' : event.severity];
  const fields = [
    ...Object.entries(event.labels),
    ...Object.entries(event.details.failure ?? {}),
    ...Object.entries(event.details.numbers ?? {}),
  ]
    .filter(([, value]) => value !== '')
    .slice(0, 20)
    .map(([name, value]) => ({ name, value: String(value).slice(0, FIELD_CHARACTERS) }));
  const text = templates.get(template)!({
    alert,
    message_id: messageId(event),
    resolved,
    title: `${resolved ? 'resolved' : event.severity}: ${event.rule}`,
    summary: event.details.summary.slice(0, FIELD_CHARACTERS),
    sample: event.details.sample?.message.slice(0, FIELD_CHARACTERS),
    fields,
    color,
    color_number: Number.parseInt(color.slice(1), 16),
    labels: { ...event.labels, alertname: event.rule, severity: event.severity },
    routing_key,
  });
  // Makes it one line, and a template that renders no JSON fails here and not at the receiver.
  return JSON.stringify(JSON.parse(text));
}
