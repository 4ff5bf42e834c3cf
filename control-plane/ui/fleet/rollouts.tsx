import { useState } from 'preact/hooks';
import { addressOf } from '../address.ts';
import { ask, messageOf } from '../api.ts';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import type { Rollout } from './agent.ts';

const EVERY_MS = 3_000;
const SHOWN = 5;
const LOOKS: Readonly<Record<string, string>> = { done: 'good', stopped: 'bad' };

/** Changes on their way: canaries first, then batch by batch. */
export function Rollouts() {
  const { data, again } = useAsk<{ rollouts: readonly Rollout[] }>('/api/v1/rollouts', {}, EVERY_MS);
  const [problem, setProblem] = useState<string>();
  const rollouts = data?.rollouts ?? [];
  if (rollouts.length === 0) return null;
  const stop = async (id: string) => {
    try {
      await ask(`/api/v1/rollouts/${encodeURIComponent(id)}/stop`, {}, { method: 'POST' });
    } catch (error) {
      setProblem(messageOf(error));
    }
    again();
  };
  return (
    <section class="panel">
      <h2>Roll-outs</h2>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <ul class="plain-list">
        {rollouts.slice(0, SHOWN).map((rollout) => (
          <li key={rollout.id}>
            <span class={`tag ${LOOKS[rollout.state] ?? 'careful'}`}>{rollout.state}</span>{' '}
            <Link to={addressOf('/ui/fleet/profile', { scope: rollout.scope })}>{rollout.scope}</Link> to
            version {rollout.to_version} <TimeText time={rollout.started_at} />{' '}
            <progress
              max={rollout.batches.length}
              value={rollout.stage}
              aria-label={`Batches of ${rollout.scope} that have version ${rollout.to_version}`}
            />{' '}
            <span class="hint">
              {rollout.batches.slice(0, rollout.stage).flat().length} of {rollout.batches.flat().length}{' '}
              machines
            </span>{' '}
            {rollout.reason !== '' && <span class="problem">{rollout.reason}</span>}{' '}
            {rollout.state === 'running' && (
              <button type="button" onClick={() => void stop(rollout.id)}>
                Stop
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
