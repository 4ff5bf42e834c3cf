import { addressOf, useAddress } from '../address.ts';
import { viewAddress } from '../live/live-view.ts';
import { formatBytes, formatDuration, formatShort } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { type Agent, lookOfAgent } from './agent.ts';

const EVERY_MS = 5_000;

interface AgentDetail extends Agent {
  readonly profile?: object;
  readonly problems?: readonly { readonly message: string }[];
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
      </header>
      <AskedState asked={agent} absent={`No agent has the id ${id}.`}>
        {(data) => (
          <>
            <dl class="figures panel">
              <Figure name="State" className={lookOfAgent(data.state)}>
                {data.state.replace('_', ' ')}
              </Figure>
              <Figure name="Fluent Bit">{data.version ?? '–'}</Figure>
              <Figure name="Heartbeat">
                <TimeText time={data.last_seen} />
              </Figure>
              {data.uptime_s !== undefined && (
                <Figure name="Up for">{formatDuration(data.uptime_s * 1000)}</Figure>
              )}
              {data.records_per_s !== undefined && (
                <Figure name="Lines/s">{formatShort(data.records_per_s)}</Figure>
              )}
              {data.lag_bytes !== undefined && <Figure name="Behind">{formatBytes(data.lag_bytes)}</Figure>}
              <Figure name="Runs">{data.config_hash?.slice(0, 12) ?? '–'}</Figure>
              <Figure name="Should run">{config.data?.config_hash.slice(0, 12) ?? '–'}</Figure>
            </dl>
            {data.reason && <p class="careful">{data.reason}</p>}
            {data.problems?.map(({ message }) => (
              <p key={message} class="problem">
                {message}
              </p>
            ))}
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
