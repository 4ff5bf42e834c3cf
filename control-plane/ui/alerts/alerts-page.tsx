import { useState } from 'preact/hooks';
import { ask, messageOf } from '../api.ts';
import { viewAddress } from '../live/live-view.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { type Alert, describeRule, type Rule } from './alert.ts';
import { AlertTable } from './alert-table.tsx';
import { RuleForm } from './rule-form.tsx';

const EVERY_MS = 3_000;
const NEW_RULE: Rule = {
  name: '',
  kind: 'count',
  query: 'level:error',
  window: '5m',
  op: '>',
  threshold: 10,
};

/** Alerts as they stand and as they went, and the rules that make them. */
export function AlertsPage() {
  useTitle('Alerts');
  const alerts = useAsk<{ alerts: readonly Alert[] }>('/api/v1/alerts', {}, EVERY_MS);
  const rules = useAsk<{ rules: readonly Rule[] }>('/api/v1/alerts/rules', {}, EVERY_MS * 3);
  const [edited, setEdited] = useState<Rule>();
  const isActive = ({ state }: Alert) => state === 'firing' || state === 'pending';
  const all = alerts.data?.alerts ?? [];
  return (
    <main class="page">
      <header class="page-head">
        <h1>Alerts</h1>
        {rules.data && (
          <button type="button" onClick={() => setEdited(NEW_RULE)}>
            New rule
          </button>
        )}
      </header>
      <AskedState asked={alerts} absent="This server watches for no alerts.">
        {() => (
          <>
            <AlertTable title="Now" alerts={all.filter(isActive)} none="No alert: all is quiet." />
            <AlertHistory />
          </>
        )}
      </AskedState>
      {edited && (
        <RuleForm
          key={edited.name}
          rule={edited}
          onDone={() => {
            setEdited(undefined);
            rules.again();
          }}
        />
      )}
      {rules.data && <Rules rules={rules.data.rules} onEdit={setEdited} onChange={rules.again} />}
    </main>
  );
}

/** Every change of every alert, the newest first. */
function AlertHistory() {
  const { data } = useAsk<{ events: readonly Alert[] }>(
    '/api/v1/alerts/history',
    { limit: '100' },
    EVERY_MS * 3,
  );
  return <AlertTable title="History" alerts={data?.events ?? []} none="Nothing was ever wrong." />;
}

interface RulesProps {
  readonly rules: readonly Rule[];
  readonly onEdit: (rule: Rule) => void;
  readonly onChange: () => void;
}

function Rules({ rules, onEdit, onChange }: RulesProps) {
  const [problem, setProblem] = useState<string>();
  const remove = async (name: string) => {
    if (!confirm(`Delete the rule ${name}?`)) return;
    try {
      await ask(`/api/v1/alerts/rules/${encodeURIComponent(name)}`, {}, { method: 'DELETE' });
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
    onChange();
  };
  return (
    <section class="panel">
      <h2>Rules</h2>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {rules.length === 0 && <p class="absent">There is no rule yet.</p>}
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {['Rule', 'Watches', 'Query', 'Severity', ''].map((name) => (
                <th key={name} scope="col">
                  {name || <span class="visually-hidden">Actions</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <tr key={rule.name}>
                <td>
                  <b>{rule.name}</b> {rule.enabled === false && <span class="tag">off</span>}
                  {rule.description && <div class="hint">{rule.description}</div>}
                </td>
                <td>{describeRule(rule)}</td>
                <td class="path">
                  {rule.query ? (
                    <Link to={viewAddress({ q: rule.query, from: 'now-24h' })}>{rule.query}</Link>
                  ) : (
                    ''
                  )}
                </td>
                <td>{rule.severity}</td>
                <td class="number">
                  <button type="button" onClick={() => onEdit(rule)} aria-label={`Edit ${rule.name}`}>
                    Edit
                  </button>{' '}
                  <button
                    type="button"
                    class="danger"
                    onClick={() => void remove(rule.name)}
                    aria-label={`Delete ${rule.name}`}
                  >
                    Delete
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
