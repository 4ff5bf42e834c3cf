import { useState } from 'preact/hooks';
import { addressOf } from '../address.ts';
import { ask, messageOf } from '../api.ts';
import { counted } from '../numbers.ts';
import { Link } from '../parts/link.tsx';
import { Problem } from '../parts/problem.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import type { Rollout } from './agent.ts';

const EVERY_MS = 2_000;
const SHOWN = 5;
const LOOKS = { running: 'careful', done: 'good', stopped: 'bad' } as const;

/** Changes on their way: canaries first, then batch by batch. Of one scope, or of all. */
export function Rollouts({ scope }: { readonly scope?: string }) {
  const { data, again } = useAsk<{ rollouts: readonly Rollout[] }>('/api/v1/rollouts', {}, EVERY_MS);
  const [problem, setProblem] = useState<string>();
  const rollouts = (data?.rollouts ?? []).filter((rollout) => (scope ?? rollout.scope) === rollout.scope);
  if (rollouts.length === 0) return null;
  const stop = async ({ id, scope, to_version }: Rollout) => {
    if (
      !confirm(`Stop version ${to_version} of ${scope}? Machines that have it return to the version before.`)
    )
      return;
    try {
      await ask(`/api/v1/rollouts/${encodeURIComponent(id)}/stop`, {}, { method: 'POST' });
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
    again();
  };
  return (
    <section class="panel" aria-label="Rollouts">
      <h2>Rollouts</h2>
      <Problem text={problem} />
      <ul class="plain-list">
        {rollouts.slice(0, SHOWN).map((rollout) => (
          <li key={rollout.id}>
            <RolloutState rollout={rollout} onStop={() => void stop(rollout)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RolloutStateProps {
  readonly rollout: Rollout;
  readonly onStop: () => void;
}

function RolloutState({ rollout, onStop }: RolloutStateProps) {
  const { scope, to_version: version, state, batches, stage, started_at, reason } = rollout;
  const all = batches.flat().length;
  // The machines of one that was stopped have gone back.
  const reached = state === 'stopped' ? 0 : batches.slice(0, stage).flat().length;
  return (
    <>
      <div class="with-action">
        <span>
          <span class={`tag ${LOOKS[state]}`}>{state}</span>{' '}
          <Link to={addressOf('/ui/fleet/profile', { scope })}>{scope}</Link> to version {version}{' '}
          <span class="hint">
            started <TimeText time={started_at} />
          </span>
        </span>
        <progress max={all} value={reached} aria-label={`Machines of ${scope} with version ${version}`} />
        <span class="number">
          {reached} of {counted(all, 'machine')}
        </span>
        {state === 'running' && (
          <button
            type="button"
            class="danger"
            onClick={onStop}
            aria-label={`Stop version ${version} of ${scope}`}
          >
            Stop
          </button>
        )}
      </div>
      {reason !== '' && <p class="problem">{reason}</p>}
      {state === 'running' && <Batches rollout={rollout} />}
    </>
  );
}

/** Which machines have a change, and which wait for it. */
function Batches({ rollout: { batches, stage, settle_s: settle } }: { readonly rollout: Rollout }) {
  return (
    <ol class="batches">
      {batches.map((machines, index) => (
        <li key={index} class={index < stage ? 'is-reached' : 'hint'}>
          {machines.map((id) => (
            <span key={id} class="label">
              <Link to={addressOf('/ui/fleet/agent', { id })}>{id}</Link>
            </span>
          ))}{' '}
          {index === stage - 1 && `is watched for ${settle} s`}
          {index >= stage && 'waits'}
        </li>
      ))}
    </ol>
  );
}
