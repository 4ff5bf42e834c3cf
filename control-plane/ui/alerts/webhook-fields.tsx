import { useState } from 'preact/hooks';
import { WEBHOOK_TEMPLATES } from '../../features/alerts/rules/rule-words.ts';
import { ask, messageOf } from '../api.ts';
import { formatDuration } from '../numbers.ts';
import type { Webhook } from './rule.ts';

export interface WebhookFieldsProps {
  readonly webhooks: readonly Webhook[];
  readonly onChange: (webhooks: readonly Webhook[]) => void;
}

/** Where a rule's alerts are sent. */
export function WebhookFields({ webhooks, onChange }: WebhookFieldsProps) {
  return (
    <fieldset class="webhooks">
      <legend>Webhooks</legend>
      {webhooks.map((webhook, index) => (
        <WebhookField
          key={index}
          webhook={webhook}
          onChange={(changed) =>
            onChange(webhooks.map((other, position) => (position === index ? changed : other)))
          }
          onRemove={() => onChange(webhooks.filter((_, position) => position !== index))}
        />
      ))}
      <button type="button" onClick={() => onChange([...webhooks, { url: '', template: 'generic' }])}>
        Add a webhook
      </button>
    </fieldset>
  );
}

interface WebhookFieldProps {
  readonly webhook: Webhook;
  readonly onChange: (webhook: Webhook) => void;
  readonly onRemove: () => void;
}

interface TestOutcome {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly error: string | null;
  readonly took_ms: number;
}

function WebhookField({ webhook, onChange, onRemove }: WebhookFieldProps) {
  const [outcome, setOutcome] = useState<{ webhook: Webhook; good: boolean; text: string }>();
  const test = async () => {
    setOutcome(undefined);
    try {
      const path = '/api/v1/alerts/webhooks/test';
      const { delivered, status, error, took_ms } = await ask<TestOutcome>(
        path,
        {},
        { method: 'POST', body: webhook },
      );
      const text = delivered
        ? `Delivered: ${status} in ${formatDuration(took_ms)}`
        : `Not delivered: ${error ?? status}`;
      setOutcome({ webhook, good: delivered, text });
    } catch (error) {
      setOutcome({ webhook, good: false, text: messageOf(error) });
    }
  };
  return (
    <div class="webhook">
      <input
        type="url"
        aria-label="URL of the webhook"
        placeholder="https://…"
        value={webhook.url}
        onInput={(event) => onChange({ ...webhook, url: event.currentTarget.value })}
      />
      <select
        aria-label="Format of the notification"
        value={webhook.template ?? 'generic'}
        onChange={(event) => onChange({ ...webhook, template: event.currentTarget.value })}
      >
        {WEBHOOK_TEMPLATES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {webhook.template === 'pagerduty' && (
        <input
          aria-label="Routing key"
          placeholder="routing key"
          value={webhook.routing_key ?? ''}
          onInput={(event) => onChange({ ...webhook, routing_key: event.currentTarget.value })}
        />
      )}
      <button type="button" onClick={() => void test()} disabled={webhook.url === ''}>
        Send a test
      </button>
      <button type="button" onClick={onRemove}>
        Remove
      </button>
      {/* Another one may stand here by now, or another address. */}
      {outcome?.webhook === webhook && (
        <p role="status" class={outcome.good ? 'good' : 'problem'}>
          {outcome.text}
        </p>
      )}
    </div>
  );
}
