import { render } from 'preact';
import { session } from './session.ts';
import { Shell } from './shell.tsx';

session.load().catch(() => {});
render(<Shell />, document.getElementById('page')!);
