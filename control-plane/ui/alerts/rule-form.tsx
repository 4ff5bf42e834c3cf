import { useEffect, useRef, useState } from 'preact/hooks';
import {
  DIRECTIONS,
  KINDS,
  OPERATORS,
  SEVERITIES,
  SIGNAL_NAMES,
} from '../../features/alerts/rules/rule-words.ts';
import { ask, messageOf } from '../api.ts';
import { Backtest, type Firing } from './backtest.tsx';
import { addressOfRule, type Rule } from './rule.ts';
import { WebhookFields } from './webhook-fields.tsx';

export interface RuleFormProps {
  readonly rule: Rule;
  readonly onDone: () => void;
}

/** A rule to be made or changed, with a try on the last day. */
export function RuleForm({ rule, onDone }: RuleFormProps) {
  const isNew = rule.name === '';
  const [draft, setDraft] = useState<Rule>(rule);
  const [problem, setProblem] = useState<string>();
  const [firings, setFirings] = useState<readonly Firing[]>();
  const form = useRef<HTMLFormElement>(null);
  const tries = useRef(0);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
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
      else await ask(addressOfRule(rule.name), {}, { method: 'PUT', body });
      onDone();
    });
  };
  const test = () =>
    attempt(async () => {
      setFirings(undefined);
      const turn = ++tries.current;
      const name = draft.name || 'test';
      const body = { rule: { ...cleaned(draft), name }, from: 'now-24h', to: 'now' };
      const path = '/api/v1/alerts/test';
      const { firings: found } = await ask<{ firings: readonly Firing[] }>(
        path,
        {},
        { method: 'POST', body },
      );
      // It may have been tried again meanwhile, with another threshold.
      if (turn === tries.current) setFirings(found);
    });
  const choice = (name: string, field: keyof Rule & string, values: readonly string[]) => (
    <label>
      {name}
      <select
        value={String(draft[field] ?? values[0])}
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
  const number = (name: string, field: keyof Rule & string, placeholder = '') => (
    <label>
      {name}
      <input
        type="number"
        step="any"
        value={String(draft[field] ?? '')}
        placeholder={placeholder}
        onInput={(event) => {
          const { value } = event.currentTarget;
          set({ [field]: value === '' ? undefined : Number(value) });
        }}
      />
    </label>
  );
  const { kind } = draft;
  const isNot = (...kinds: string[]) => !kinds.includes(kind);
  return (
    <form ref={form} class="form inset" onSubmit={save} aria-label={isNew ? 'New rule' : `Rule ${rule.name}`}>
      <h3>{isNew ? 'New rule' : rule.name}</h3>
      {isNew && text('Name', 'name', 'out-of-memory')}
      {text('Description', 'description')}
      {choice('Measures', 'kind', KINDS)}
      {isNot('gauge') && text('Query', 'query', 'level:error service:vllm')}
      {kind === 'share' && text('Out of', 'of', 'all records')}
      {kind === 'gauge' && choice('Signal', 'signal', SIGNAL_NAMES)}
      {isNot('count', 'rate', 'share', 'absence', 'new_pattern', 'gauge') &&
        text('Field', 'field', 'duration_ms')}
      {(kind === 'percentile' || (kind === 'anomaly' && draft.field)) &&
        number('Percentile', 'percentile', '95')}
      {text('Within', 'window', '5m')}
      {isNot('absence', 'anomaly') && choice('Fires when', 'op', OPERATORS)}
      {isNot('absence') && number('Threshold', 'threshold', kind === 'anomaly' ? '6' : '')}
      {kind === 'anomaly' && choice('Direction', 'direction', DIRECTIONS)}
      {number('At least', 'min_count', '0 records')}
      {text('Condition holds for', 'for', '0s')}
      <label>
        For each
        <input
          value={(draft.by ?? []).join(', ')}
          placeholder="service, machine_id"
          onInput={(event) => set({ by: event.currentTarget.value.split(',').map((name) => name.trim()) })}
        />
      </label>
      {choice('Severity', 'severity', SEVERITIES)}
      {text('Cool-down', 'cooldown', '10m')}
      <WebhookFields webhooks={draft.webhooks ?? []} onChange={(webhooks) => set({ webhooks })} />
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
      {firings && <Backtest firings={firings} query={draft.query ?? ''} />}
    </form>
  );
}

/** Without what was left empty: the server then takes what is usual. */
function cleaned(rule: Rule): Record<string, unknown> {
  const by = rule.by?.filter((name) => name !== '');
  const webhooks = rule.webhooks?.filter(({ url }) => url !== '');
  const signal = rule.kind === 'gauge' ? (rule.signal ?? SIGNAL_NAMES[0]) : undefined;
  return Object.fromEntries(
    Object.entries({ ...rule, by, webhooks, signal }).filter(
      ([, value]) => value !== '' && value !== undefined,
    ),
  );
}
