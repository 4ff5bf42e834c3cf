import { ask } from '../api.ts';
import { ActionButton } from '../parts/action-button.tsx';

export interface DeleteFileProps {
  readonly path: string;
  readonly name: string;
  readonly onDone: () => void;
}

/** Removes a file and its records, for good. */
export function DeleteFile({ path, name, onDone }: DeleteFileProps) {
  return (
    <ActionButton
      name="Delete"
      label={`Delete ${name}`}
      confirmation={`Delete ${name} and all its records? This cannot be undone.`}
      action={() => ask('/logs/delete', { path }, { method: 'POST' })}
      onDone={onDone}
    />
  );
}
