import type { ComponentChildren } from 'preact';
import { LivePage } from './live/live-page.tsx';
import { LIVE_PATH } from './live/live-view.ts';

interface PageLink {
  readonly name: string;
  readonly path: string;
}

/** The pages in the order of the navigation. */
export const PAGES: readonly PageLink[] = [
  { name: 'Live', path: LIVE_PATH },
  { name: 'Errors', path: '/ui/errors' },
  { name: 'Services', path: '/ui/services' },
  { name: 'Jobs', path: '/ui/jobs' },
  { name: 'Nodes', path: '/ui/nodes' },
  { name: 'Fleet', path: '/ui/fleet' },
  { name: 'Alerts', path: '/ui/alerts' },
];

/** What stands at a path. */
export function pageOf(path: string): ComponentChildren {
  return path === LIVE_PATH ? <LivePage /> : null;
}
