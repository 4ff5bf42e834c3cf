import { viewAddress } from '../live/live-view.ts';
import { counted } from '../numbers.ts';
import { Link } from '../parts/link.tsx';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { formatTime } from '../times.ts';

export interface Firing {
  readonly timestamp: string;
  readonly since: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

const SHOWN = 20;
const BEFORE_MS = 300_000;

/** When a rule would have fired; each leads to its lines. */
export function Backtest({
  firings,
  query,
}: {
  readonly firings: readonly Firing[];
  readonly query: string;
}) {
  return (
    <div role="status">
      <p>It would have fired {counted(firings.length, 'time')}.</p>
      <ul class="plain-list">
        {firings.slice(0, SHOWN).map(({ timestamp, value, labels }, index) => {
          const time = Date.parse(timestamp);
          const range = {
            from: new Date(time - BEFORE_MS).toISOString(),
            to: new Date(time + 1000).toISOString(),
          };
          return (
            <li key={index}>
              <Link to={viewAddress({ q: query, ...range })}>{formatTime(time)}</Link>{' '}
              {Number(value.toPrecision(4))}
              {Object.entries(labels).map(([name, text]) => (
                <span key={name} class="label">
                  <span class="hint">{name}</span> <MessageText text={text} matches={NO_MATCHES} />
                </span>
              ))}
            </li>
          );
        })}
      </ul>
      {firings.length > SHOWN && <p class="hint">The first {SHOWN} of them.</p>}
    </div>
  );
}
