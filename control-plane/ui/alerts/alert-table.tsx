import { viewAddress } from '../live/live-view.ts';
import { ActionsHead } from '../parts/actions-head.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { type Alert, lookOfAlert, measuredOf } from './alert.ts';

const SAMPLE_SHOWN = 200;

export interface AlertTableProps {
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly none: string;
  /** Whoever looks at an alert may want to hear no more of it. */
  readonly onSilence?: (alert: Alert) => void;
}

export function AlertTable({ title, alerts, none, onSilence }: AlertTableProps) {
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      {alerts.length === 0 ? (
        <p class="absent">{none}</p>
      ) : (
        <div class="table-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Alert</th>
                <th scope="col" class="number">
                  Value
                </th>
                <th scope="col">Changed</th>
                {onSilence && <ActionsHead />}
              </tr>
            </thead>
            <tbody>
              {alerts.map((alert) => (
                <AlertRow
                  key={`${alert.id} ${alert.state} ${alert.timestamp}`}
                  alert={alert}
                  onSilence={onSilence}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface AlertRowProps {
  readonly alert: Alert;
  readonly onSilence: ((alert: Alert) => void) | undefined;
}

function AlertRow({ alert, onSilence }: AlertRowProps) {
  const { rule, severity, state, timestamp, value, labels, description, sample, failure } = alert;
  const measured = measuredOf(alert);
  return (
    <tr>
      <td class="alert-state">
        <span class={`tag ${lookOfAlert(alert)}`}>{state}</span>
        <div class="hint">{severity}</div>
      </td>
      <td class="alert-what">
        <b>{rule}</b>
        {Object.entries(labels).map(([name, text]) => (
          <span key={name} class="label">
            <span class="hint">{name}</span> <MessageText text={text} matches={NO_MATCHES} />
          </span>
        ))}
        {measured !== state && (
          <div>
            <MessageText text={measured} matches={NO_MATCHES} />
          </div>
        )}
        {failure ? <Explanation failure={failure} /> : description && <div class="hint">{description}</div>}
        {sample && (
          <div class="path">
            <Link to={viewAddress({ line: sample.id, from: 'all' })}>
              <MessageText text={shortened(sample.message)} matches={NO_MATCHES} />
            </Link>
          </div>
        )}
        {alert.suppressed_by && <div class="hint">Notification suppressed: {alert.suppressed_by}.</div>}
      </td>
      <td class="number">{Number(value.toPrecision(4))}</td>
      <td>
        <TimeText time={timestamp} />
      </td>
      {onSilence && (
        <td class="number">
          <button type="button" onClick={() => onSilence(alert)} aria-label={`Silence ${rule}`}>
            Silence
          </button>
        </td>
      )}
    </tr>
  );
}

function shortened(text: string): string {
  return text.length > SAMPLE_SHOWN ? `${text.slice(0, SAMPLE_SHOWN)}…` : text;
}

/** What a known failure means and what to do about it, then the rest of what its lines say. */
function Explanation({ failure }: { readonly failure: Readonly<Record<string, string>> }) {
  const { meaning, action, ...rest } = failure;
  return (
    <div class="explanation">
      {meaning !== undefined && <div>{meaning}</div>}
      {action !== undefined && (
        <div>
          <span class="hint">What to do:</span> {action}
        </div>
      )}
      <div class="hint">
        {Object.entries(rest)
          .map(([name, text]) => `${name.replace('_', ' ')} ${text}`)
          .join(', ')}
      </div>
    </div>
  );
}
