import { addressOf } from '../address.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { LaunchForm } from './launch-form.tsx';
import { lookOfPhase, type Node, nameOfPhase, timeLeft } from './node.ts';

const EVERY_MS = 2_000;

/** Launches of GPU nodes. */
export function NodesPage() {
  useTitle('Nodes');
  const nodes = useAsk<{ nodes: readonly Node[] }>('/admin/nodes', {}, EVERY_MS);
  return (
    <main class="page">
      <header class="page-head">
        <h1>Nodes</h1>
      </header>
      <AskedState asked={nodes} absent="This server does not launch nodes.">
        {({ nodes: list }) => (
          <>
            <LaunchForm />
            {list.length === 0 ? <p class="absent">No node was launched yet.</p> : <NodeTable nodes={list} />}
          </>
        )}
      </AskedState>
    </main>
  );
}

function NodeTable({ nodes }: { readonly nodes: readonly Node[] }) {
  return (
    <div class="table-scroll panel">
      <table>
        <thead>
          <tr>
            {['Node', 'Phase', 'Progress', 'Last message', 'Time left', 'Started', 'Changed'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.node_id}>
              <td>
                <Link to={addressOf('/ui/nodes/node', { id: node.node_id })}>
                  {node.name ?? node.node_id}
                </Link>
                {node.name !== undefined && node.name !== node.node_id && (
                  <div class="hint path">{node.node_id}</div>
                )}
              </td>
              <td>
                <span class={`tag ${lookOfPhase(node.phase)}`}>{nameOfPhase(node.phase)}</span>{' '}
                {node.stuck && <span class="tag careful">stuck</span>}
              </td>
              <td class="progress-cell">
                <progress
                  max={100}
                  value={node.progress}
                  aria-label={`Progress of ${node.name ?? node.node_id}`}
                />{' '}
                {Math.round(node.progress ?? 0)} %
              </td>
              <td>{node.message}</td>
              <td>{node.eta_seconds !== undefined && timeLeft(node.eta_seconds)}</td>
              <td>
                <TimeText time={node.started_at} />
              </td>
              <td>
                <TimeText time={node.updated_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
