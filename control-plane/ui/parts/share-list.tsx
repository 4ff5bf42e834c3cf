import type { ComponentChildren } from 'preact';
import { formatCount } from '../numbers.ts';

export interface ShareListProps {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly label?: (name: string) => ComponentChildren;
  readonly none: string;
}

const SHOWN = 8;

/** Names by how often each is there, with bars. */
export function ShareList({ title, counts, label = (name) => name, none }: ShareListProps) {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const largest = sorted[0]?.[1] ?? 1;
  return (
    <section class="panel">
      <h2>{title}</h2>
      {sorted.length === 0 && <p class="hint">{none}</p>}
      <ul class="shares">
        {sorted.slice(0, SHOWN).map(([name, count]) => (
          <li key={name}>
            <span class="share-name">{label(name)}</span>
            <span class="share-count">{formatCount(count)}</span>
            <meter min={0} max={largest} value={count} aria-hidden="true" />
          </li>
        ))}
      </ul>
      {sorted.length > SHOWN && <p class="hint">and {formatCount(sorted.length - SHOWN)} more</p>}
    </section>
  );
}
