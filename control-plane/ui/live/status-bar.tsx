import { useEffect, useRef, useState } from 'preact/hooks';
import { counted, formatCount } from '../numbers.ts';
import type { HistogramData } from './histogram.tsx';
import type { FeedState, LogFeed } from './log-feed.ts';

const STATES: Readonly<Record<FeedState, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Connection lost, reconnecting…',
  paused: 'Paused',
  closed: 'History',
  failed: 'Not connected',
};

export interface StatusBarProps {
  readonly feed: LogFeed;
  readonly histogram: HistogramData | undefined;
  readonly problem: string | undefined;
}

export function StatusBar({ feed, histogram, problem }: StatusBarProps) {
  const rate = useRate(() => feed.received);
  const counts = useCounts(histogram, feed);
  const { window } = feed;
  return (
    <footer class="status">
      <span class={`state state-${feed.state}`} role="status">
        {STATES[feed.state]}
      </span>
      <span>
        <b id="total">{formatCount(counts.total)}</b> {counts.total === 1 ? 'line' : 'lines'}
      </span>
      <span class={counts.errors > 0 ? 'has-errors' : ''}>
        <b id="errors">{formatCount(counts.errors)}</b> {counts.errors === 1 ? 'error' : 'errors'}
      </span>
      {feed.state === 'live' && <span>{formatCount(rate)} lines/s</span>}
      {problem !== undefined && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
      <span class="status-end">
        {counted(window.rows.length, 'line')} on this page
        {window.dropped > 0 && `, ${formatCount(window.dropped)} older dropped`}
        {window.late > 0 && `, ${formatCount(window.late)} arrived out of order`}
      </span>
      <span class="keys-hint">
        <kbd>?</kbd> keys
      </span>
    </footer>
  );
}

/** The lines of the range: as last counted by the server, and what came since. */
function useCounts(histogram: HistogramData | undefined, feed: LogFeed): { total: number; errors: number } {
  const base = useRef({ histogram: undefined as HistogramData | undefined, received: 0, errors: 0 });
  if (base.current.histogram !== histogram) {
    base.current = { histogram, received: feed.received, errors: feed.receivedErrors };
  }
  const since = base.current;
  let total = Math.max(0, feed.received - since.received);
  let errors = Math.max(0, feed.receivedErrors - since.errors);
  for (const bucket of histogram?.buckets ?? []) {
    total += bucket.total;
    errors += (bucket.counts.ERROR ?? 0) + (bucket.counts.FATAL ?? 0);
  }
  return { total, errors };
}

function useRate(read: () => number): number {
  const [rate, setRate] = useState(0);
  const current = useRef(read);
  current.current = read;
  useEffect(() => {
    let before = current.current();
    let time = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const count = current.current();
      setRate(Math.max(0, Math.round(((count - before) * 1000) / (now - time))));
      before = count;
      time = now;
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  return rate;
}
