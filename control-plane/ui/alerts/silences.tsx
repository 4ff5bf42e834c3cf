import { useState } from 'preact/hooks';
import { ask, messageOf } from '../api.ts';
import { Problem } from '../parts/problem.tsx';
import { formatTime } from '../times.ts';
import { useAsk } from '../use-ask.ts';
import type { Silence, SilenceDraft } from './silence.ts';
import { SilenceForm } from './silence-form.tsx';

export interface SilencesProps {
  /** One that is to be made. */
  readonly draft: SilenceDraft | undefined;
  readonly onDraft: (draft: SilenceDraft | undefined) => void;
}

const PATH = '/api/v1/alerts/silences';
const EVERY_MS = 15_000;

/** Alerts without notification, for a time or every week. */
export function Silences({ draft, onDraft }: SilencesProps) {
  const { data, again } = useAsk<{ silences: readonly (Silence & { id: string })[] }>(PATH, {}, EVERY_MS);
  const [problem, setProblem] = useState<string>();
  if (!data) return null;
  const end = async (id: string) => {
    try {
      await ask(`${PATH}/${encodeURIComponent(id)}`, {}, { method: 'DELETE' });
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
    again();
  };
  return (
    <section class="panel" aria-label="Silences">
      <div class="panel-head">
        <h2>Silences</h2>
        <button type="button" onClick={() => onDraft({})}>
          New silence
        </button>
      </div>
      {draft && (
        <SilenceForm
          key={JSON.stringify(draft)}
          draft={draft}
          onDone={() => {
            onDraft(undefined);
            again();
          }}
        />
      )}
      <Problem text={problem} />
      {data.silences.length === 0 && <p class="hint">No silence: all notifications are sent.</p>}
      <ul class="plain-list">
        {data.silences.map((silence) => (
          <li key={silence.id} class="with-action">
            <span>
              <b>{silence.rule ?? 'all rules'}</b>
              {Object.entries(silence.labels ?? {}).map(([name, value]) => (
                <span key={name} class="label">
                  <span class="hint">{name}</span> {value}
                </span>
              ))}{' '}
              {describeTimes(silence)} <span class="hint">{silence.comment}</span>
            </span>
            <button
              type="button"
              onClick={() => void end(silence.id)}
              aria-label={`End the silence of ${silence.rule ?? 'all rules'}`}
            >
              End
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function describeTimes({ from, to, weekly }: Silence): string {
  const parts = [];
  if (weekly) {
    parts.push(`every ${weekly.days.join(', ')}, ${weekly.start} to ${weekly.end} ${weekly.timezone}`);
  }
  if (from !== undefined && Date.parse(from) > Date.now()) parts.push(`from ${formatTime(Date.parse(from))}`);
  if (to !== undefined) {
    parts.push(`${Date.parse(to) > Date.now() ? 'until' : 'ended'} ${formatTime(Date.parse(to))}`);
  }
  return parts.join(', ');
}
