import { viewAddress } from '../live/live-view.ts';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { type Alert, lookOfAlert } from './alert.ts';

export interface AlertTableProps {
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly none: string;
}

export function AlertTable({ title, alerts, none }: AlertTableProps) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {alerts.length === 0 ? (
        <p class="absent">{none}</p>
      ) : (
        <div class="table-scroll">
          <table>
            <thead>
              <tr>
                {['State', 'Rule', 'What', 'Value', 'Since'].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {alerts.map((alert) => (
                <AlertRow key={`${alert.id} ${alert.state} ${alert.timestamp}`} alert={alert} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function AlertRow({ alert }: { readonly alert: Alert }) {
  const {
    rule,
    severity,
    state,
    since,
    value,
    labels,
    summary,
    sample,
    failure,
    held_back: heldBack,
  } = alert;
  return (
    <tr>
      <td>
        <span class={`tag ${lookOfAlert(alert)}`}>{state}</span> {severity}
      </td>
      <td>{rule}</td>
      <td>
        <MessageText text={summary ?? ''} matches={NO_MATCHES} />
        {Object.entries(labels).map(([name, text]) => (
          <span key={name} class="label">
            <span class="hint">{name}</span> <MessageText text={text} matches={NO_MATCHES} />
          </span>
        ))}
        {failure &&
          Object.entries(failure).map(([name, text]) => (
            <div key={name} class="hint">{`${name}: ${text}`}</div>
          ))}
        {sample && (
          <div class="path">
            <Link to={viewAddress({ line: sample.id, from: 'all' })}>
              <MessageText text={sample.message.slice(0, 200)} matches={NO_MATCHES} />
            </Link>
          </div>
        )}
        {heldBack && <div class="hint">nobody was told: {heldBack}</div>}
      </td>
      <td class="number">{Number(value.toPrecision(4))}</td>
      <td>
        <TimeText time={since} />
      </td>
    </tr>
  );
}
