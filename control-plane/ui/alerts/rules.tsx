import { useState } from 'preact/hooks';
import { ask, messageOf } from '../api.ts';
import { viewAddress } from '../live/live-view.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { ActionsHead } from '../parts/actions-head.tsx';
import { Link } from '../parts/link.tsx';
import { Problem } from '../parts/problem.tsx';
import { useAsk } from '../use-ask.ts';
import { addressOfRule, describeRule, type ListedRule, NEW_RULE, type Rule, withoutOrigin } from './rule.ts';
import { RuleForm } from './rule-form.tsx';

const EVERY_MS = 15_000;

/** The rules, to be made, changed, turned off and taken back. */
export function Rules() {
  const { data, again } = useAsk<{ rules: readonly ListedRule[] }>('/api/v1/alerts/rules', {}, EVERY_MS);
  const [edited, setEdited] = useState<Rule>();
  const [problem, setProblem] = useState<string>();
  if (!data) return null;
  const turn = async ({ enabled = true, ...rule }: Rule) => {
    try {
      await ask(addressOfRule(rule.name), {}, { method: 'PUT', body: { ...rule, enabled: !enabled } });
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
    again();
  };
  return (
    <section class="panel" aria-label="Rules">
      <div class="panel-head">
        <h2>Rules</h2>
        <button type="button" onClick={() => setEdited(NEW_RULE)}>
          New rule
        </button>
      </div>
      {edited && (
        <RuleForm
          key={edited.name}
          rule={edited}
          onDone={() => {
            setEdited(undefined);
            again();
          }}
        />
      )}
      <Problem text={problem} />
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col">Condition</th>
              <th scope="col">Severity</th>
              <ActionsHead />
            </tr>
          </thead>
          <tbody>
            {data.rules.map((rule) => (
              <RuleRow
                key={rule.name}
                rule={rule}
                onEdit={() => setEdited(withoutOrigin(rule))}
                onTurn={() => void turn(withoutOrigin(rule))}
                onDeleted={again}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface RuleRowProps {
  readonly rule: ListedRule;
  readonly onEdit: () => void;
  readonly onTurn: () => void;
  readonly onDeleted: () => void;
}

function RuleRow({ rule, onEdit, onTurn, onDeleted }: RuleRowProps) {
  const { name, description, query, enabled, origin, severity } = rule;
  const turn = enabled === false ? 'Turn on' : 'Turn off';
  return (
    <tr class={enabled === false ? 'is-off' : ''}>
      <td>
        <b>{name}</b> {enabled === false && <span class="tag">off</span>}{' '}
        {origin !== 'built-in' && (
          <span class="hint">{origin === 'api' ? 'custom' : 'from ALERT_RULES_FILE'}</span>
        )}
        {description && <div class="hint">{description}</div>}
      </td>
      <td>
        {describeRule(rule)}
        {query && (
          <div class="path rule-query">
            <Link to={viewAddress({ q: query, from: 'now-24h' })}>{query}</Link>
          </div>
        )}
      </td>
      <td>{severity}</td>
      <td class="row-actions">
        <button type="button" onClick={onEdit} aria-label={`Edit ${name}`}>
          Edit
        </button>
        <button type="button" onClick={onTurn} aria-label={`${turn} ${name}`}>
          {turn}
        </button>
        {origin === 'api' && (
          <ActionButton
            name="Delete"
            label={`Delete ${name}`}
            confirmation={`Delete the rule ${name}? A built-in rule of this name is then in force again.`}
            action={() => ask(addressOfRule(name), {}, { method: 'DELETE' })}
            onDone={onDeleted}
          />
        )}
      </td>
    </tr>
  );
}
