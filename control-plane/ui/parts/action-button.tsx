import { useState } from 'preact/hooks';
import { messageOf } from '../api.ts';

export interface ActionButtonProps {
  readonly name: string;
  /** What the button is called where its name alone does not tell. */
  readonly label?: string;
  /** Asked before anything is done. */
  readonly question: string;
  readonly action: () => Promise<unknown>;
  readonly onDone: () => void;
}

/** A button for what cannot be taken back: it asks first, and tells what went wrong. */
export function ActionButton({ name, label, question, action, onDone }: ActionButtonProps) {
  const [problem, setProblem] = useState<string>();
  const [running, setRunning] = useState(false);
  const run = async () => {
    if (!confirm(question)) return;
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
