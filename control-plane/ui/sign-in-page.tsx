import { useState } from 'preact/hooks';
import { address } from './address.ts';
import { session } from './session.ts';
import { useTitle } from './use-title.ts';

/** Asks for a token; the server puts it into a cookie that no script can read. */
export function SignInPage({ reason }: { readonly reason: string | undefined }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string>();
  const [waiting, setWaiting] = useState(false);
  useTitle('Sign in');
  const signIn = async (event: Event) => {
    event.preventDefault();
    setWaiting(true);
    setProblem(await session.signIn(token).catch(() => 'The server does not answer.'));
    setWaiting(false);
    setToken('');
    if (address.path === '/ui/sign-in' && session.refusal === undefined && session.permissions.length > 0) {
      address.go('/api/v1/logs');
    }
  };
  return (
    <main>
      <form class="sign-in" onSubmit={signIn}>
        <h1>Sign in</h1>
        <p class="hint">
          {reason ? `The server says: ${reason}.` : 'Some pages need a token.'} With the{' '}
          <code>READ_TOKEN</code> you can read, with the <code>ADMIN_TOKEN</code> do everything.
        </p>
        <label>
          Token
          <input
            type="password"
            name="token"
            autoComplete="current-password"
            required
            value={token}
            aria-invalid={problem !== undefined}
            aria-describedby={problem ? 'sign-in-problem' : undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {problem && (
          <p class="problem" id="sign-in-problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="primary" disabled={waiting}>
          Sign in
        </button>
      </form>
    </main>
  );
}
