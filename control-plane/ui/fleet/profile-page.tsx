import { useEffect, useState } from 'preact/hooks';
import { useAddress } from '../address.ts';
import { ask, messageOf } from '../api.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import type { ProfileVersion } from './agent.ts';
import { ConfigDiff } from './config-diff.tsx';

const EMPTY = '{\n  "variables": {},\n  "sources": []\n}';

/** What is set for the fleet, a group or a machine: to be changed, compared with earlier versions, and taken back. */
export function ProfilePage() {
  const { parameters } = useAddress();
  const scope = parameters.get('scope') ?? 'fleet';
  const path = `/api/v1/profiles/${encodeURIComponent(scope)}`;
  useTitle(`Profile of ${scope}`);
  const profile = useAsk<ProfileVersion>(path);
  const [told, setTold] = useState<{ problem: boolean; text: string }>();
  const change = async (work: () => Promise<ProfileVersion & { rollout?: { id: string } | null }>) => {
    try {
      const { version, rollout } = await work();
      setTold({
        problem: false,
        text: `Version ${version}${rollout ? ' is being rolled out' : ' is in force'}.`,
      });
      profile.again();
    } catch (error) {
      setTold({ problem: true, text: messageOf(error) });
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
      <AskedState asked={profile} absent="Nothing is known of it.">
        {(data) => (
          <>
            <ProfileForm
              profile={data}
              onSave={(body, note) => change(() => ask(path, { note }, { method: 'PUT', body }))}
            />
            {told && (
              <p class={told.problem ? 'problem' : 'good'} role="status">
                {told.text}
              </p>
            )}
            <Versions
              profile={data}
              onRollback={(version) =>
                change(() => ask(`${path}/rollback`, { version: String(version) }, { method: 'POST' }))
              }
            />
            {data.version > 0 && <ConfigDiff path={path} version={data.version} />}
          </>
        )}
      </AskedState>
    </main>
  );
}

interface ProfileFormProps {
  readonly profile: ProfileVersion;
  readonly onSave: (body: unknown, note: string) => void;
}

function ProfileForm({ profile, onSave }: ProfileFormProps) {
  const [text, setText] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string>();
  useEffect(
    () => setText(profile.profile ? JSON.stringify(profile.profile, null, 2) : EMPTY),
    [profile.version],
  );
  const save = (event: Event) => {
    event.preventDefault();
    try {
      onSave(JSON.parse(text), note);
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <form class="panel" onSubmit={save}>
      <h2>Set {profile.version > 0 && <span class="hint">version {profile.version}</span>}</h2>
      <textarea
        class="profile-text"
        aria-label="Profile as JSON"
        rows={14}
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="page-head">
        <input
          aria-label="Note"
          placeholder="Note: why"
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Save and roll out
        </button>
      </div>
    </form>
  );
}

interface VersionsProps {
  readonly profile: ProfileVersion;
  readonly onRollback: (version: number) => void;
}

function Versions({ profile, onRollback }: VersionsProps) {
  const versions = profile.versions ?? [];
  if (versions.length === 0) return null;
  return (
    <section class="panel">
      <h2>Versions</h2>
      <ul class="plain-list">
        {versions.map(({ version, state, created_at, note }) => (
          <li key={version}>
            <b>{version}</b> <span class="tag">{state}</span> <TimeText time={created_at} /> {note}{' '}
            {version !== profile.version && (
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
