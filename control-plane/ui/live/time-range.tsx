import { useState } from 'preact/hooks';
import { Menu } from '../parts/menu.tsx';
import { formatDay, formatTime } from '../times.ts';
import { changeView, type LiveView } from './live-view.ts';

const LAST: readonly (readonly [from: string, name: string])[] = [
  ['now-5m', 'Last 5 minutes'],
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-6h', 'Last 6 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-7d', 'Last 7 days'],
  ['now-30d', 'Last 30 days'],
  ['all', 'All time'],
];

/** The next longer range; undefined when there is none. */
export function earlier(from: string): string | undefined {
  const index = LAST.findIndex(([value]) => value === from);
  return index < 0 ? (from === 'all' ? undefined : 'all') : LAST[index + 1]?.[0];
}

export function rangeName({ from, to }: Pick<LiveView, 'from' | 'to'>): string {
  if (to === '') return LAST.find(([value]) => value === from)?.[1] ?? `Since ${timeName(from)}`;
  if (from === 'all') return `Until ${timeName(to)}`;
  const start = timeName(from);
  const end = timeName(to);
  const sameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start} – ${sameDay ? end.slice(11) : end}`;
}

function timeName(text: string): string {
  const time = Date.parse(text);
  return Number.isNaN(time) ? text : formatTime(time);
}

export function TimeRange({ view }: { readonly view: LiveView }) {
  return (
    <Menu label={rangeName(view)} className="time-range">
      {(close) => (
        <>
          <ul class="choices">
            {LAST.map(([from, name]) => (
              <li key={from}>
                <button
                  type="button"
                  aria-pressed={view.to === '' && view.from === from}
                  onClick={() => {
                    close();
                    changeView({ from, to: '', line: '' });
                  }}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          <OwnRange
            view={view}
            onRange={(from, to) => {
              close();
              changeView({ from, to, line: '' });
            }}
          />
        </>
      )}
    </Menu>
  );
}

interface OwnRangeProps {
  readonly view: LiveView;
  readonly onRange: (from: string, to: string) => void;
}

function OwnRange({ view, onRange }: OwnRangeProps) {
  const [from, setFrom] = useState(view.from === 'all' ? '' : view.from);
  const [to, setTo] = useState(view.to);
  return (
    <form
      class="own-range"
      onSubmit={(event) => {
        event.preventDefault();
        onRange(from.trim() || 'all', to.trim());
      }}
    >
      <label>
        From
        <input value={from} onInput={(event) => setFrom(event.currentTarget.value)} placeholder="now-2h" />
      </label>
      <label>
        To
        <input value={to} onInput={(event) => setTo(event.currentTarget.value)} placeholder="live" />
      </label>
      <p class="hint">
        RFC 3339 such as {formatDay(Date.now())}T08:00:00Z, a date, or now-2h. Leave the end empty to follow
        live.
      </p>
      <button type="submit" class="primary">
        Show
      </button>
    </form>
  );
}
