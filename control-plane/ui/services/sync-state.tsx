import { useState } from 'preact/hooks';
import { ask, messageOf } from '../api.ts';
import { counted, formatBytes, formatDuration } from '../numbers.ts';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';

interface SyncSource {
  readonly name: string;
  readonly kind: string;
  readonly host?: string;
  readonly folder: string;
  readonly state: string;
  readonly problem?: string;
  readonly files: number;
  readonly bytes: number;
  readonly last_success: string | null;
  readonly next_sync: string | null;
  readonly progress?: { readonly files: number; readonly files_total: number };
  readonly last_result?: {
    readonly new_files: number;
    readonly changed_files: number;
    readonly duration_ms: number;
  };
}

const LOOKS: Readonly<Record<string, string>> = { ok: 'good', down: 'bad', syncing: 'careful' };
const EVERY_MS = 3_000;

/** How the copies of the clusters' files stand, and the button that brings them up to date. */
export function SyncState() {
  const status = useAsk<{ sources: readonly SyncSource[] }>('/sync/status', {}, EVERY_MS);
  const [outcome, setOutcome] = useState<string>();
  const [running, setRunning] = useState(false);
  const sources = status.data?.sources ?? [];
  if (sources.length === 0) return null;
  const sync = async () => {
    setRunning(true);
    setOutcome(undefined);
    try {
      const { message } = await ask<{ message: string }>('/sync/trigger', {}, { method: 'POST' });
      setOutcome(message);
    } catch (error) {
      setOutcome(messageOf(error));
    }
    setRunning(false);
    status.again();
  };
  return (
    <section class="panel sync" aria-label="Sync">
      <ul>
        {sources.map((source) => (
          <li key={source.name}>
            <span class={`tag ${LOOKS[source.state] ?? ''}`}>{source.state}</span> <b>{source.name}</b>{' '}
            <span class="hint">
              {source.host ? `${source.host}:` : ''}
              {source.folder} · {counted(source.files, 'file')}, {formatBytes(source.bytes)} · last{' '}
              <TimeText time={source.last_success} />
              {source.last_result &&
                ` in ${formatDuration(source.last_result.duration_ms)}, ${source.last_result.new_files} new, ${source.last_result.changed_files} changed`}
            </span>
            {source.progress && ` ${source.progress.files} of ${source.progress.files_total} files`}
            {source.problem && <span class="problem"> {source.problem}</span>}
          </li>
        ))}
      </ul>
      <button type="button" disabled={running} onClick={sync}>
        {running ? 'Syncing…' : 'Sync now'}
      </button>
      {outcome !== undefined && <p role="status">{outcome}</p>}
    </section>
  );
}
