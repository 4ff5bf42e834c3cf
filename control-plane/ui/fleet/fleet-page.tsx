import { addressOf } from '../address.ts';
import { counted, formatBytes, formatShort } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { type Agent, lookOfAgent, nameOfState } from './agent.ts';
import { FilesWithHoles } from './files-with-holes.tsx';
import { Rollouts } from './rollouts.tsx';

const EVERY_MS = 3_000;
/** Clocks that are apart by so much put records into another order. */
const WRONG_CLOCK_S = 1;

/** The agents of all machines, and what is being rolled out to them. */
export function FleetPage() {
  useTitle('Fleet');
  const agents = useAsk<{ agents: readonly Agent[]; agents_left_out: number }>(
    '/api/v1/agents',
    {},
    EVERY_MS,
  );
  const profiles = useAsk<{ profiles: readonly { scope: string; version: number; machines: number }[] }>(
    '/api/v1/profiles',
    {},
    EVERY_MS * 2,
  );
  const scopes = profiles.data?.profiles ?? [];
  const known = scopes.some(({ scope }) => scope === 'fleet')
    ? scopes
    : [{ scope: 'fleet', version: 0, machines: agents.data?.agents.length ?? 0 }, ...scopes];
  return (
    <main class="page">
      <header class="page-head">
        <h1>Fleet</h1>
      </header>
      <AskedState asked={agents} absent="This server does not manage agents.">
        {({ agents: list, agents_left_out }) => (
          <>
            {list.length > 0 && <States agents={list} />}
            <Rollouts />
            <FilesWithHoles />
            {profiles.data && (
              <section class="panel">
                <h2>Profiles</h2>
                <ul class="plain-list">
                  {known.map(({ scope, version, machines }) => (
                    <li key={scope}>
                      <Link to={addressOf('/ui/fleet/profile', { scope })}>{scope}</Link>{' '}
                      <span class="hint">
                        {version === 0 ? 'empty' : `version ${version}`}, {machines}{' '}
                        {machines === 1 ? 'machine' : 'machines'}
                      </span>
                    </li>
                  ))}
                </ul>
              </section>
            )}
            {list.length === 0 ? (
              <p class="absent">
                No agent has reported yet. On a machine, <code>logplane agent --server URL</code> starts one.
              </p>
            ) : (
              <AgentTable agents={list} />
            )}
            {agents_left_out > 0 && (
              <p class="absent">{counted(agents_left_out, 'further machine')} not shown.</p>
            )}
          </>
        )}
      </AskedState>
    </main>
  );
}

function States({ agents }: { readonly agents: readonly Agent[] }) {
  const counts = new Map<Agent['state'], number>();
  for (const { state } of agents) counts.set(state, (counts.get(state) ?? 0) + 1);
  return (
    <dl class="figures panel">
      <Figure name="machines">{agents.length}</Figure>
      {[...counts].map(([state, count]) => (
        <Figure key={state} name={nameOfState(state)} className={lookOfAgent(state)}>
          {count}
        </Figure>
      ))}
    </dl>
  );
}

function AgentTable({ agents }: { readonly agents: readonly Agent[] }) {
  return (
    <div class="table-scroll panel">
      <table>
        <thead>
          <tr>
            {['Machine', 'State', 'Group', 'Fluent Bit', 'Configuration'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              Lines/s
            </th>
            <th scope="col" class="number">
              Not read yet
            </th>
            <th scope="col">Heartbeat</th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <tr key={agent.machine_id}>
              <td class="agent-id">
                <Link to={addressOf('/ui/fleet/agent', { id: agent.machine_id })}>{agent.machine_id}</Link>
              </td>
              <td class="agent-state">
                <span class={`tag ${lookOfAgent(agent.state)}`}>{nameOfState(agent.state)}</span>{' '}
                <span class="hint">{agent.reason}</span>
              </td>
              <td>{agent.group}</td>
              <td>{agent.version}</td>
              <td class="path agent-id">{agent.config_hash?.slice(0, 12)}</td>
              <td class="number">{agent.records_per_s !== undefined && formatShort(agent.records_per_s)}</td>
              <td class="number">{agent.lag_bytes !== undefined && formatBytes(agent.lag_bytes)}</td>
              <td>
                <TimeText time={agent.last_seen} />{' '}
                {Math.abs(agent.clock_skew_s ?? 0) >= WRONG_CLOCK_S && (
                  <span class="tag careful">
                    clock {formatShort(Math.abs(agent.clock_skew_s!))} s{' '}
                    {agent.clock_skew_s! > 0 ? 'ahead' : 'behind'}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
