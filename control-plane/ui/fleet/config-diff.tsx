import { useState } from 'preact/hooks';
import { useAsk } from '../use-ask.ts';
import type { LineChange } from './agent.ts';

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;
const AROUND = 3;

/** What a version changed in a machine's configuration. */
export function ConfigDiff({ path, version }: { readonly path: string; readonly version: number }) {
  const [from, setFrom] = useState(version - 1);
  const { data, error } = useAsk<{ lines: readonly LineChange[]; changed: boolean }>(`${path}/diff`, {
    from: String(from),
    to: String(version),
  });
  return (
    <section class="panel">
      <h2>
        Changes of version {version} since{' '}
        <select
          aria-label="Compared with version"
          value={String(from)}
          onChange={(event) => setFrom(Number(event.currentTarget.value))}
        >
          {Array.from({ length: version }, (_, number) => (
            <option key={number} value={String(number)}>
              {number === 0 ? 'the beginning' : `version ${number}`}
            </option>
          ))}
        </select>
      </h2>
      {error && <p class="hint">{error.message}</p>}
      {data && !data.changed && <p class="hint">The configurations are equal.</p>}
      {data?.changed && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with keys
        <pre class="config" tabIndex={0}>
          {nearChanges(data.lines).map(({ kind, text }, index) => (
            <div key={index} class={`diff-${kind}`}>
              {SIGNS[kind]} {text}
            </div>
          ))}
        </pre>
      )}
    </section>
  );
}

function nearChanges(lines: readonly LineChange[]): LineChange[] {
  return lines.filter((_, index) =>
    lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ kind }) => kind !== 'same'),
  );
}
