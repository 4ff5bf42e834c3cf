import { formatCount } from '../numbers.ts';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';

interface Receiver {
  readonly host: string;
  readonly template: string;
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly last_error: string | null;
  readonly last_delivered: string | null;
}

const EVERY_MS = 10_000;

/** Where alerts are sent, and what got there. */
export function Receivers() {
  const { data } = useAsk<{ webhooks: readonly Receiver[] }>('/api/v1/alerts/webhooks', {}, EVERY_MS);
  if (!data || data.webhooks.length === 0) return null;
  return (
    <section class="panel" aria-label="Webhooks">
      <h2>Webhooks</h2>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Receiver</th>
              {['Delivered', 'Waiting', 'Failed attempts', 'Dropped'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {data.webhooks.map((receiver, index) => (
              <tr key={index}>
                <td>
                  {receiver.host} <span class="hint">{receiver.template}</span>
                  {receiver.last_error && <div class="problem">{receiver.last_error}</div>}
                </td>
                {[receiver.delivered, receiver.waiting, receiver.failed, receiver.dropped].map(
                  (count, column) => (
                    <td key={column} class="number">
                      {formatCount(count)}
                    </td>
                  ),
                )}
                <td>
                  <TimeText time={receiver.last_delivered} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
