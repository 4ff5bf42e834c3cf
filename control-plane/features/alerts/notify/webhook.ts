import { z } from 'zod';
import { WEBHOOK_TEMPLATES } from '../rules/rule-words.ts';

/** Where alerts are sent. `routing_key` is PagerDuty's integration key. */
export const WEBHOOK = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).max(2_000),
  template: z.enum(WEBHOOK_TEMPLATES).default('generic'),
  routing_key: z.string().max(100).optional(),
});

export type Webhook = z.infer<typeof WEBHOOK>;
