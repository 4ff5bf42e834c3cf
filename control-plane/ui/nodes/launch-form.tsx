import { useState } from 'preact/hooks';
import { address, addressOf } from '../address.ts';
import { ask, messageOf } from '../api.ts';
import { Problem } from '../parts/problem.tsx';

/** Starts a launch. Further fields fill the placeholders of the server's launch command. */
export function LaunchForm() {
  const [name, setName] = useState('');
  const [fields, setFields] = useState('');
  const [problem, setProblem] = useState<string>();
  const launch = async (event: Event) => {
    event.preventDefault();
    try {
      const body = { ...(name.trim() !== '' && { name: name.trim() }), ...readFields(fields) };
      const { node_id } = await ask<{ node_id: string }>('/admin/nodes/launch', {}, { method: 'POST', body });
      address.go(addressOf('/ui/nodes/node', { id: node_id }));
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <details class="panel">
      <summary>Launch a node</summary>
      <form class="form" onSubmit={launch}>
        <label>
          Name
          <input
            value={name}
            placeholder="a100-spot-1"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          Further fields
          <textarea
            rows={3}
            value={fields}
            placeholder={'gpu=A100\nregion=us-west-2'}
            onInput={(event) => setFields(event.currentTarget.value)}
          />
        </label>
        <Problem text={problem} />
        <p class="buttons">
          <button type="submit" class="primary">
            Launch
          </button>
        </p>
      </form>
    </details>
  );
}

/** `name=value`, one a line. */
function readFields(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n').filter((item) => item.trim() !== '')) {
    const at = line.indexOf('=');
    if (at < 1) throw new Error(`Further fields: expected name=value on each line, got "${line}"`);
    fields[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return fields;
}
