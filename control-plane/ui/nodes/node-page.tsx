import { useEffect, useMemo, useState } from 'preact/hooks';
import { addressOf, useAddress } from '../address.ts';
import { browserPath } from '../base-path.ts';
import { useObservable } from '../observable.ts';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { formatClock } from '../times.ts';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { LaunchStream } from './launch-stream.ts';
import { type Node, type NodeEntry, nameOfPhase, timeLeft } from './node.ts';
import { PhaseBar } from './phase-bar.tsx';

const LEVELS = ['', 'debug', 'info', 'warn', 'error'];
const EVERY_MS = 3_000;

/** One launch: phase, progress, time left, and its log as it comes. */
export function NodePage() {
  const { parameters } = useAddress();
  const id = parameters.get('id') ?? '';
  const launch = useMemo(() => new LaunchStream(id), [id]);
  useEffect(() => () => launch.stop(), [launch]);
  useObservable(launch);
  const [level, setLevel] = useState('');
  const nodes = useAsk<{ nodes: readonly Node[] }>('/admin/nodes', {}, launch.done ? undefined : EVERY_MS);
  const node = nodes.data?.nodes.find(({ node_id }) => node_id === id);
  useTitle(`Node ${node?.name ?? id}`);
  const phase = launch.phase || node?.phase || '';
  const endpoint = launch.done?.endpoint ?? node?.endpoint;
  const shown = launch.entries.filter((entry) => level === '' || entry.level === level);
  return (
    <main class="page">
      <header class="page-head">
        <p class="crumbs">
          <Link to="/ui/nodes">Nodes</Link> /
        </p>
        <h1>{node?.name ?? id}</h1>
        <select aria-label="Level" value={level} onChange={(event) => setLevel(event.currentTarget.value)}>
          {LEVELS.map((name) => (
            <option key={name} value={name}>
              {name === '' ? 'All levels' : name}
            </option>
          ))}
        </select>
        <a
          class="button"
          href={browserPath(
            addressOf(`/admin/nodes/${encodeURIComponent(id)}/logs/export`, { format: 'csv' }),
          )}
          download=""
        >
          Download
        </a>
      </header>
      <section class="panel">
        <PhaseBar
          phase={phase}
          progress={phase === 'active' ? 100 : launch.progress}
          failedIn={launch.reached}
        />
        <p class="visually-hidden" role="status">
          {phase}
        </p>
        <dl class="figures">
          <Figure name="Phase" className={phase === 'active' ? 'good' : phase === 'failed' ? 'bad' : ''}>
            {nameOfPhase(phase)}
          </Figure>
          <Figure name="Progress">{phase === 'active' ? 100 : Math.round(launch.progress)} %</Figure>
          {!launch.done && node?.eta_seconds !== undefined && (
            <Figure name="Time left (estimated)">{timeLeft(node.eta_seconds)}</Figure>
          )}
          {node?.stuck && (
            <Figure name="Stuck?" className="careful">
              longer than usual
            </Figure>
          )}
          {endpoint !== undefined && <Figure name="Endpoint">{endpoint}</Figure>}
        </dl>
        {launch.failure && (
          <p class="problem" role="alert">
            {launch.failure.error} {launch.failure.details}
          </p>
        )}
        {launch.done?.message && <p>{launch.done.message}</p>}
        {launch.problem && <p class="problem">{launch.problem}</p>}
      </section>
      <section class="panel" aria-label="Log of the launch">
        <h2>
          Log <span class="hint">{launch.done ? 'ended' : launch.isOpen ? 'live' : 'connecting…'}</span>
        </h2>
        <ol class="launch-log">
          {shown.map((entry, index) => (
            <LaunchLine key={index} entry={entry} />
          ))}
        </ol>
        {shown.length === 0 && <p class="absent">No entries yet.</p>}
      </section>
    </main>
  );
}

function LaunchLine({ entry }: { readonly entry: NodeEntry }) {
  return (
    <li class={`line-${entry.level}`}>
      <time dateTime={entry.timestamp}>{formatClock(Date.parse(entry.timestamp)).slice(0, 8)}</time>{' '}
      <span class={`level-${entry.level}`}>{entry.level}</span> <span class="hint">{entry.phase}</span>{' '}
      <span dir="ltr">
        <MessageText text={entry.message.slice(0, 4_000)} matches={NO_MATCHES} />
        {entry.details !== undefined && <span class="summary">{entry.details.slice(0, 2_000)}</span>}
      </span>
    </li>
  );
}
