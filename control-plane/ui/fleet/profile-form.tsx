import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api.ts';
import { Problem } from '../parts/problem.tsx';
import { writeJson } from '../text/exact-json.ts';
import type { ProfileVersion } from './agent.ts';

/** How a change is brought to the machines, as the server takes it. */
export interface Bringing {
  readonly note: string;
  readonly staged?: string;
  readonly canaries?: string;
  readonly settle?: string;
}

export interface ProfileFormProps {
  readonly profile: ProfileVersion;
  readonly onSave: (body: unknown, how: { [Name in keyof Bringing]: string }) => void;
}

const EMPTY = '{\n  "variables": {},\n  "sources": []\n}';
const textOf = ({ profile }: ProfileVersion) => (profile ? writeJson(profile, 2) : EMPTY);

/** A profile as JSON, and how many machines get a change of it first. */
export function ProfileForm({ profile, onSave }: ProfileFormProps) {
  const inForce = textOf(profile);
  const before = useRef(inForce);
  const [text, setText] = useState(inForce);
  const [note, setNote] = useState('');
  const [staged, setStaged] = useState(true);
  const [canaries, setCanaries] = useState('1');
  const [settle, setSettle] = useState('30');
  const [problem, setProblem] = useState<string>();
  const ofMany = !profile.scope.startsWith('machine:');
  useEffect(() => {
    // What somebody is writing stays, whatever others do meanwhile.
    if (text === before.current) setText(inForce);
    before.current = inForce;
  }, [inForce]);
  const save = (event: Event) => {
    event.preventDefault();
    try {
      const body: unknown = JSON.parse(text);
      onSave(body, { note, ...(ofMany && { staged: String(staged), canaries, settle }) });
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <form class="panel" onSubmit={save} aria-label="Profile">
      <h2>
        Profile <span class="hint">{profile.version > 0 ? `version ${profile.version}` : 'empty'}</span>
      </h2>
      <textarea
        class="profile-text"
        aria-label="Profile as JSON"
        rows={14}
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Problem text={problem} />
      <div class="page-head bringing">
        <input
          class="note"
          aria-label="Note"
          placeholder="Note: why"
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
        {ofMany && (
          <>
            <label>
              <input
                type="checkbox"
                checked={staged}
                onChange={(event) => setStaged(event.currentTarget.checked)}
              />
              In batches
            </label>
            {staged && (
              <>
                <label>
                  first
                  <input
                    type="number"
                    aria-label="Number of canaries"
                    min={1}
                    max={1000}
                    value={canaries}
                    onInput={(event) => setCanaries(event.currentTarget.value)}
                  />
                  machines,
                </label>
                <label>
                  well for
                  <input
                    type="number"
                    aria-label="Seconds that a batch must be healthy"
                    min={0}
                    max={86_400}
                    value={settle}
                    onInput={(event) => setSettle(event.currentTarget.value)}
                  />
                  s
                </label>
              </>
            )}
          </>
        )}
        <button type="submit" class="primary">
          {ofMany ? 'Save and roll out' : 'Save'}
        </button>
      </div>
    </form>
  );
}
