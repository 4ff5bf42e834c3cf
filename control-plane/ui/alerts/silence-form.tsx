import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, messageOf } from '../api.ts';
import { Problem } from '../parts/problem.tsx';
import type { Silence, SilenceDraft } from './silence.ts';

export interface SilenceFormProps {
  readonly draft: SilenceDraft;
  readonly onDone: () => void;
}

const HOUR_MS = 3_600_000;
const LENGTHS: readonly (readonly [name: string, milliseconds: number])[] = [
  ['1 hour', HOUR_MS],
  ['4 hours', 4 * HOUR_MS],
  ['1 day', 24 * HOUR_MS],
  ['7 days', 168 * HOUR_MS],
];
const WEEKLY = 'every week';
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** A silence from now on, or a maintenance window of every week. */
export function SilenceForm({ draft, onDone }: SilenceFormProps) {
  const [rule, setRule] = useState(draft.rule ?? '');
  const [labels, setLabels] = useState(formatLabels(draft.labels ?? {}));
  const [length, setLength] = useState(LENGTHS[0]![0]);
  const [days, setDays] = useState<readonly string[]>(DAYS);
  const [start, setStart] = useState('02:00');
  const [end, setEnd] = useState('04:00');
  const [comment, setComment] = useState('');
  const [problem, setProblem] = useState<string>();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const save = async (event: Event) => {
    event.preventDefault();
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const found = LENGTHS.find(([name]) => name === length);
    const body: Silence = {
      ...(rule.trim() !== '' && { rule: rule.trim() }),
      labels: parseLabels(labels),
      ...(found
        ? { to: new Date(Date.now() + found[1]).toISOString() }
        : { weekly: { days, start, end, timezone } }),
      comment,
    };
    try {
      await ask('/api/v1/alerts/silences', {}, { method: 'POST', body });
      onDone();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <form class="form inset" onSubmit={save} aria-label="New silence">
      <label>
        Rule
        <input
          ref={first}
          value={rule}
          placeholder="all, or gpu-*"
          onInput={(event) => setRule(event.currentTarget.value)}
        />
      </label>
      <label>
        Labels
        <input
          value={labels}
          placeholder="service=vllm, machine_id=gpu-3"
          onInput={(event) => setLabels(event.currentTarget.value)}
        />
      </label>
      <label>
        For
        <select value={length} onChange={(event) => setLength(event.currentTarget.value)}>
          {[...LENGTHS.map(([name]) => name), WEEKLY].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {length === WEEKLY && (
        <fieldset class="week">
          <legend class="visually-hidden">Hours of the week</legend>
          {DAYS.map((day) => (
            <label key={day}>
              <input
                type="checkbox"
                checked={days.includes(day)}
                onChange={(event) =>
                  setDays(
                    event.currentTarget.checked ? [...days, day] : days.filter((other) => other !== day),
                  )
                }
              />
              {day}
            </label>
          ))}
          <input
            type="time"
            aria-label="From"
            value={start}
            onInput={(event) => setStart(event.currentTarget.value)}
          />
          <input
            type="time"
            aria-label="To"
            value={end}
            onInput={(event) => setEnd(event.currentTarget.value)}
          />
        </fieldset>
      )}
      <label>
        Comment
        <input value={comment} placeholder="Why" onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      <Problem text={problem} />
      <p class="buttons">
        <button type="submit" class="primary">
          Silence
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </p>
    </form>
  );
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

/** A value may hold `=`; one that holds a comma is to be silenced by its other labels. */
function parseLabels(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}
