import { useState } from 'preact/hooks';
import { useAddress } from '../address.ts';
import { ask, messageOf } from '../api.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { describeUnrendered, type ProfileChange, type ProfileVersion } from './agent.ts';
import { ConfigDiff } from './config-diff.tsx';
import { ProfileForm } from './profile-form.tsx';
import { Rollouts } from './rollouts.tsx';

const EVERY_MS = 2_000;
const LOOKS = { active: 'good', staged: 'careful', refused: 'bad' } as const;

/** What is set for the fleet, a group or a machine: to be changed, compared with earlier versions, and taken back. */
export function ProfilePage() {
  const { parameters } = useAddress();
  const scope = parameters.get('scope') ?? 'fleet';
  const path = `/api/v1/profiles/${encodeURIComponent(scope)}`;
  useTitle(`Profile of ${scope}`);
  const profile = useAsk<ProfileVersion>(path, {}, EVERY_MS);
  const [outcome, setOutcome] = useState<{ problem: boolean; text: string }>();
  const change = async (work: () => Promise<ProfileChange>) => {
    try {
      const { version, rollout, unrendered } = await work();
      setOutcome({
        problem: false,
        text: `Version ${version} ${rollout ? 'is being rolled out' : 'is in force'}.${describeUnrendered(unrendered)}`,
      });
      profile.again();
    } catch (error) {
      setOutcome({ problem: true, text: messageOf(error) });
    }
  };
  return (
    <main class="page">
      <header class="page-head">
        <p class="crumbs">
          <Link to="/ui/fleet">Fleet</Link> /
        </p>
        <h1>{scope}</h1>
      </header>
      <AskedState asked={profile} absent="This server does not manage agents.">
        {(data) => {
          const newest = data.versions[0]?.version ?? 0;
          return (
            <>
              <ProfileForm
                key={scope}
                profile={data}
                onSave={(body, how) => void change(() => ask(path, how, { method: 'PUT', body }))}
              />
              {outcome && (
                <pre class={outcome.problem ? 'problem outcome' : 'good outcome'} role="status">
                  {outcome.text}
                </pre>
              )}
              <Rollouts scope={scope} />
              <Versions
                profile={data}
                onRollback={(version) =>
                  void change(() => ask(`${path}/rollback`, { version: String(version) }, { method: 'POST' }))
                }
              />
              {newest > 0 && <ConfigDiff key={`${scope} ${newest}`} path={path} version={newest} />}
            </>
          );
        }}
      </AskedState>
    </main>
  );
}

interface VersionsProps {
  readonly profile: ProfileVersion;
  readonly onRollback: (version: number) => void;
}

function Versions({ profile, onRollback }: VersionsProps) {
  const { versions } = profile;
  if (versions.length === 0) return null;
  return (
    <section class="panel" aria-label="Versions">
      <h2>Versions</h2>
      <ul class="plain-list">
        {versions.map(({ version, state, created_at, note }) => (
          <li key={version} class="with-action">
            <span>
              <b>{version}</b>{' '}
              {version === profile.version ? (
                <span class="tag good">in force</span>
              ) : (
                // An earlier one that was in force is nothing to look at.
                state !== 'active' && <span class={`tag ${LOOKS[state]}`}>{state}</span>
              )}{' '}
              {note}{' '}
              <span class="hint">
                <TimeText time={created_at} />
              </span>
            </span>
            {version !== profile.version && state === 'active' && (
              <button
                type="button"
                onClick={() => onRollback(version)}
                aria-label={`Go back to version ${version}`}
              >
                Go back to it
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
