import { address, addressOf, useAddress } from '../address.ts';
import { ask } from '../api.ts';
import { viewAddress } from '../live/live-view.ts';
import { counted, formatBytes, formatCount, formatDuration, formatShort } from '../numbers.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { AskedState } from '../parts/asked-state.tsx';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { writeJson } from '../text/exact-json.ts';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { type Agent, lookOfAgent, nameOfState, type ProposedSource } from './agent.ts';

const EVERY_MS = 5_000;

interface AgentDetail extends Agent {
  readonly problems: readonly { readonly message: string }[];
}

interface Config {
  readonly config_hash: string;
  readonly config: string;
  readonly files: readonly { readonly name: string; readonly content: string }[];
}

/** One agent: how it is, and the configuration that it is to run. */
export function AgentPage() {
  const { parameters } = useAddress();
  const id = parameters.get('id') ?? '';
  const path = `/api/v1/agents/${encodeURIComponent(id)}`;
  useTitle(`Agent ${id}`);
  const agent = useAsk<AgentDetail>(path, {}, EVERY_MS);
  const config = useAsk<Config>(`${path}/config`, {}, EVERY_MS * 3);
  return (
    <main class="page">
      <header class="page-head">
        <p class="crumbs">
          <Link to="/ui/fleet">Fleet</Link> /
        </p>
        <h1>{id}</h1>
        <Link to={addressOf('/ui/fleet/profile', { scope: `machine:${id}` })} className="button">
          Profile
        </Link>
        <Link to={viewAddress({ machine_id: [id] })} className="button">
          Its lines, live
        </Link>
        <ActionButton
          name="Delete report"
          confirmation={`Delete what ${id} reported? Its profile stays, and it is listed again when it reports.`}
          action={() => ask(path, {}, { method: 'DELETE' })}
          onDone={() => address.go('/ui/fleet')}
        />
      </header>
      <AskedState asked={agent} absent={`No agent has the id ${id}.`}>
        {(data) => (
          <>
            <AgentFigures agent={data} />
            {data.reason && (
              <pre class={`outcome ${lookOfAgent(data.state)}`} role="status">
                {data.reason}
              </pre>
            )}
            {data.problems.map(({ message }) => (
              <p key={message} class="problem">
                {message}
              </p>
            ))}
            <ProposedSources sources={data.proposed_sources ?? []} />
          </>
        )}
      </AskedState>
      {config.error && config.error.status !== 404 && <p class="problem">{config.error.message}</p>}
      {config.data?.files.map(({ name, content }) => (
        <details key={name} class="panel" open={content === config.data?.config}>
          <summary>{name}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with keys */}
          <pre class="config" tabIndex={0}>
            {content}
          </pre>
        </details>
      ))}
    </main>
  );
}

const HASH_SHOWN = 12;

function AgentFigures({ agent }: { readonly agent: Agent }) {
  const { config_hash: runs, expected_hash: expected } = agent;
  const optional: readonly (readonly [
    name: string,
    value: number | undefined,
    format: (value: number) => string,
  ])[] = [
    ['Up for', agent.uptime_s, (seconds) => formatDuration(seconds * 1000)],
    ['Restarts', agent.restarts, formatCount],
    ['Lines/s', agent.records_per_s, formatShort],
    ['Lines', agent.records_total, formatShort],
    ['Not read yet', agent.lag_bytes, formatBytes],
    ['Not sent yet', agent.backlog_bytes, formatBytes],
    ['Retries', agent.retries, formatCount],
    ['Dropped', agent.dropped_records, formatCount],
    ['Skipped', agent.skipped_lines, formatCount],
  ];
  return (
    <dl class="figures panel">
      <Figure name="State" className={lookOfAgent(agent.state)}>
        {nameOfState(agent.state)}
      </Figure>
      <Figure name="Fluent Bit">{agent.version ?? '–'}</Figure>
      <Figure name="Agent">{agent.agent_version ?? '–'}</Figure>
      <Figure name="Heartbeat">
        <TimeText time={agent.last_seen} />
      </Figure>
      {optional.map(
        ([name, value, format]) =>
          value !== undefined && (
            <Figure key={name} name={name}>
              {format(value)}
            </Figure>
          ),
      )}
      <Figure name="Runs" className={runs !== undefined && runs !== expected ? 'careful' : ''}>
        <code>{runs?.slice(0, HASH_SHOWN) ?? '–'}</code>
      </Figure>
      <Figure name="Expected configuration">
        <code>{expected.slice(0, HASH_SHOWN)}</code>
      </Figure>
    </dl>
  );
}

/** What could be collected and is not. */
function ProposedSources({ sources }: { readonly sources: readonly ProposedSource[] }) {
  if (sources.length === 0) return null;
  return (
    <section class="panel">
      <h2>
        Not collected <span class="hint">add these files as sources to a profile</span>
      </h2>
      <ul class="plain-list">
        {sources.map(({ files, ...source }) => (
          <li key={writeJson(source)}>
            <code>{writeJson(source)}</code> <span class="hint">{counted(files, 'file')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
