import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask, messageOf } from '../api.ts';
import { counted } from '../numbers.ts';
import { formatTime } from '../times.ts';
import { KINDS, OPERATORS, type Rule, SEVERITIES } from './alert.ts';

export interface RuleFormProps {
  readonly rule: Rule;
  readonly onDone: () => void;
}

interface Firing {
  readonly timestamp: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A rule to be made or changed, with a try on the last day. */
export function RuleForm({ rule, onDone }: RuleFormProps) {
  const isNew = rule.name === '';
  const [draft, setDraft] = useState<Rule>(rule);
  const [problem, setProblem] = useState<string>();
  const [firings, setFirings] = useState<readonly Firing[]>();
  const set = (values: Partial<Rule>) => setDraft({ ...draft, ...values });
  const attempt = async (work: () => Promise<void>) => {
    try {
      setProblem(undefined);
      await work();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const save = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      const body = cleaned(draft);
      if (isNew) await ask('/api/v1/alerts/rules', {}, { method: 'POST', body });
      else await ask(`/api/v1/alerts/rules/${encodeURIComponent(rule.name)}`, {}, { method: 'PUT', body });
      onDone();
    });
  };
  const test = () =>
    attempt(async () => {
      const name = draft.name || 'test';
      const body = { rule: { ...cleaned(draft), name }, from: 'now-24h', to: 'now' };
      setFirings(
        (await ask<{ firings: readonly Firing[] }>('/api/v1/alerts/test', {}, { method: 'POST', body }))
          .firings,
      );
    });
  const choice = (name: string, field: keyof Rule & string, values: readonly string[]) => (
    <label>
      {name}
      <select
        value={String(draft[field] ?? '')}
        onChange={(event) => set({ [field]: event.currentTarget.value })}
      >
        {values.map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  );
  const text = (name: string, field: keyof Rule & string, placeholder = '') => (
    <label>
      {name}
      <input
        value={String(draft[field] ?? '')}
        placeholder={placeholder}
        onInput={(event) => set({ [field]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <form class="panel form" onSubmit={save} aria-label={isNew ? 'New rule' : `Rule ${rule.name}`}>
      <h2>{isNew ? 'New rule' : rule.name}</h2>
      {isNew && text('Name', 'name', 'out-of-memory')}
      {text('Description', 'description')}
      {text('Query', 'query', 'level:error service:vllm')}
      {choice('Measures', 'kind', KINDS)}
      {text('Field', 'field', 'duration_ms')}
      {text('Within', 'window', '5m')}
      {choice('Fires when', 'op', OPERATORS)}
      <label>
        Threshold
        <input
          inputMode="decimal"
          value={draft.threshold === undefined ? '' : String(draft.threshold)}
          onInput={(event) => set({ threshold: readNumber(event.currentTarget.value) } as Partial<Rule>)}
        />
      </label>
      {text('Held for', 'for', '0s')}
      <label>
        For each
        <input
          value={(draft.by ?? []).join(', ')}
          placeholder="service, machine_id"
          onInput={(event) => set({ by: event.currentTarget.value.split(',').map((name) => name.trim()) })}
        />
      </label>
      {choice('Severity', 'severity', ['', ...SEVERITIES])}
      <label>
        Webhooks
        <textarea
          rows={2}
          value={(draft.webhooks ?? []).map(({ url }) => url).join('\n')}
          placeholder="https://…, one a line"
          onInput={(event) => set({ webhooks: readWebhooks(event.currentTarget.value, draft) })}
        />
      </label>
      {problem && (
        <pre class="problem" role="alert">
          {problem}
        </pre>
      )}
      <p class="buttons">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" onClick={() => void test()}>
          Try on the last 24 hours
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </p>
      {firings && <Firings firings={firings} />}
    </form>
  );
}

const SHOWN = 20;

function Firings({ firings }: { readonly firings: readonly Firing[] }): ComponentChildren {
  return (
    <div role="status">
      <p>It would have fired {counted(firings.length, 'time')}.</p>
      <ul>
        {firings.slice(0, SHOWN).map(({ timestamp, value, labels }, index) => (
          <li key={index}>
            {formatTime(Date.parse(timestamp))}: {Number(value.toPrecision(4))}{' '}
            {Object.entries(labels)
              .map(([name, label]) => `${name}=${label}`)
              .join(' ')}
          </li>
        ))}
      </ul>
    </div>
  );
}

function readNumber(text: string): number | undefined {
  return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** Webhooks keep what else they have while their address stays. */
function readWebhooks(text: string, { webhooks = [] }: Rule) {
  return text
    .split('\n')
    .map((url) => webhooks.find((known) => known.url === url.trim()) ?? { url: url.trim() });
}

/** Without what was left empty: the server then takes what is usual. */
function cleaned(rule: Rule): Record<string, unknown> {
  const by = rule.by?.filter((name) => name !== '');
  const webhooks = rule.webhooks?.filter(({ url }) => url !== '');
  return Object.fromEntries(
    Object.entries({ ...rule, by, webhooks }).filter(([, value]) => value !== '' && value !== undefined),
  );
}
