import { formatAgo, formatTime } from '../times.ts';

/** A time as how long ago it was, exactly on pointing at it. */
export function TimeText({ time }: { readonly time: string | null | undefined }) {
  if (!time) return <span class="hint">never</span>;
  const milliseconds = Date.parse(time);
  return (
    <time dateTime={time} title={formatTime(milliseconds)}>
      {formatAgo(milliseconds)}
    </time>
  );
}
