import { render } from 'preact';
import { address } from './address.ts';
import { LIVE_PATH } from './live/live-view.ts';
import { session } from './session.ts';
import { Shell } from './shell.tsx';

if (address.path === '/') address.go(LIVE_PATH, 'replace');
session.load().catch(() => {});
render(<Shell />, document.getElementById('page')!);
