import { useState } from 'preact/hooks';
import { messageOf } from '../api.ts';

export interface ActionButtonProps {
  readonly name: string;
  /** A more precise name for screen readers. */
  readonly label?: string;
  /** The text of the confirmation before the action. */
  readonly confirmation: string;
  readonly action: () => Promise<unknown>;
  readonly onDone: () => void;
}

/** A button for an action that cannot be undone: it asks for confirmation, and shows what went wrong. */
export function ActionButton({ name, label, confirmation, action, onDone }: ActionButtonProps) {
  const [problem, setProblem] = useState<string>();
  const [running, setRunning] = useState(false);
  const run = async () => {
    if (!confirm(confirmation)) return;
    setRunning(true);
    setProblem(undefined);
    try {
      await action();
      onDone();
    } catch (error) {
      setProblem(messageOf(error));
    }
    setRunning(false);
  };
  return (
    <>
      <button type="button" class="danger" disabled={running} aria-label={label} onClick={() => void run()}>
        {name}
      </button>
      {problem && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
