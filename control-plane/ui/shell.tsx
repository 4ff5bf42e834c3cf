import { useEffect, useState } from 'preact/hooks';
import { useAddress } from './address.ts';
import { AlertNewsPanel } from './alerts/alert-news-panel.tsx';
import { browserPath } from './base-path.ts';
import { HelpDialog } from './help-dialog.tsx';
import { LIVE_PATH } from './live/live-view.ts';
import { useObservable } from './observable.ts';
import { PAGES, pageOf } from './pages.tsx';
import { Icon } from './parts/icon.tsx';
import { useKeys } from './parts/keys.ts';
import { Link } from './parts/link.tsx';
import { Problem } from './parts/problem.tsx';
import { pendingRecords } from './pending-records.ts';
import { session } from './session.ts';
import { useSettings } from './settings.ts';
import { SignInPage } from './sign-in-page.tsx';

/** Shown in a frame of a portal, which has a navigation of its own: `?embed=true` at the address that the frame opened. */
const IS_EMBEDDED = new URLSearchParams(location.search).get('embed') === 'true';

/** What is around every page: the way to the others, the theme, help, and signing in. */
export function Shell() {
  const { path, parameters } = useAddress();
  const settings = useSettings();
  const { refusal, signedIn, known } = useObservable(session);
  const pending = useObservable(pendingRecords);
  const [helps, setHelps] = useState(false);
  useKeys({ '?': () => setHelps(true), t: () => settings.toggleTheme() });
  useEffect(() => session.forgetRefusal(), [path]);
  const asksForToken = refusal !== undefined || path === '/ui/sign-in';
  return (
    <div class={IS_EMBEDDED ? 'shell embedded' : 'shell'}>
      <header class="top" hidden={IS_EMBEDDED}>
        <a class="skip-link" href="#content">
          Skip to the content
        </a>
        <Link to={LIVE_PATH} className="brand">
          <Logo /> Logplane
        </Link>
        <nav aria-label="Pages">
          {PAGES.map(({ name, path: to }) => (
            <Link key={to} to={to} current={path === to || path.startsWith(`${to}/`)}>
              {name}
            </Link>
          ))}
          <a href={browserPath('/docs')}>API</a>
        </nav>
        <button
          type="button"
          class="plain"
          aria-label="Keys and search help"
          title="Keys and search help (?)"
          onClick={() => setHelps(true)}
        >
          <Icon name="help" />
        </button>
        <button
          type="button"
          class="plain"
          aria-label={settings.isDark ? 'Light theme' : 'Dark theme'}
          title={settings.isDark ? 'Light theme (t)' : 'Dark theme (t)'}
          onClick={() => settings.toggleTheme()}
        >
          <Icon name={settings.isDark ? 'sun' : 'moon'} />
        </button>
        {signedIn && (
          <button type="button" onClick={() => void session.signOut()}>
            Sign out
          </button>
        )}
        {known && !signedIn && (
          <Link to="/ui/sign-in" className="button">
            Sign in
          </Link>
        )}
      </header>
      <Problem text={pending.text} />
      <div id="content" class="content">
        {asksForToken ? <SignInPage reason={refusal} /> : pageOf(path, parameters)}
      </div>
      <AlertNewsPanel />
      <HelpDialog open={helps} onClose={() => setHelps(false)} />
    </div>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path d="M5 9h13M5 16h22M5 23h10" stroke="currentColor" stroke-width="3" stroke-linecap="round" />
      <circle cx="24" cy="23" r="3" class="careful" fill="currentColor" />
    </svg>
  );
}
