import type { ComponentChildren } from 'preact';
import { AlertsPage } from './alerts/alerts-page.tsx';
import { ErrorsPage } from './errors/errors-page.tsx';
import { AgentPage } from './fleet/agent-page.tsx';
import { FleetPage } from './fleet/fleet-page.tsx';
import { ProfilePage } from './fleet/profile-page.tsx';
import { JobPage } from './jobs/job-page.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { LivePage } from './live/live-page.tsx';
import { LIVE_PATH } from './live/live-view.ts';
import { NodePage } from './nodes/node-page.tsx';
import { NodesPage } from './nodes/nodes-page.tsx';
import { FilePage } from './services/file-page.tsx';
import { FilesPage } from './services/files-page.tsx';
import { ServicesPage } from './services/services-page.tsx';

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

/** What stands at a path. A page of one thing begins anew with another: what is known of the one is not said of the other. */
export function pageOf(path: string, parameters: URLSearchParams): ComponentChildren {
  switch (path) {
    case LIVE_PATH:
      return <LivePage />;
    case '/ui/errors':
      return <ErrorsPage />;
    case '/ui/services':
      return <ServicesPage />;
    case '/ui/services/files':
      return <FilesPage />;
    case '/ui/services/file':
      return <FilePage key={parameters.get('path')} />;
    case '/ui/jobs':
      return <JobsPage />;
    case '/ui/jobs/job':
      return <JobPage key={parameters.get('id')} />;
    case '/ui/nodes':
      return <NodesPage />;
    case '/ui/nodes/node':
      return <NodePage key={parameters.get('id')} />;
    case '/ui/fleet':
      return <FleetPage />;
    case '/ui/fleet/agent':
      return <AgentPage key={parameters.get('id')} />;
    case '/ui/fleet/profile':
      return <ProfilePage key={parameters.get('scope')} />;
    case '/ui/alerts':
      return <AlertsPage />;
    default:
      return (
        <main class="page">
          <h1>Page not found</h1>
          <p class="hint">{path}</p>
        </main>
      );
  }
}
