import { z } from 'zod';
import { WEBHOOK_TEMPLATES } from '../rules/rule-words.ts';

/** Where alerts are sent. */
export const WEBHOOK = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .max(2_000)
    .meta({ examples: ['https://hooks.example.com/services/T0/B0/x'] }),
  template: z.enum(WEBHOOK_TEMPLATES).default('generic').describe('The form of the body'),
  routing_key: z.string().max(100).optional().describe('The integration key of PagerDuty'),
});

export type Webhook = z.infer<typeof WEBHOOK>;
