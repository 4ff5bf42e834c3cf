import type { ComponentChildren } from 'preact';
import type { Asked } from '../use-ask.ts';

export interface AskedStateProps<T> {
  readonly asked: Asked<T>;
  /** Said in place of what is not there: a server without this part answers 404. */
  readonly absent?: string;
  readonly children: (data: T) => ComponentChildren;
}

/** What was asked for, or why it is not there (yet). */
export function AskedState<T>({ asked, absent, children }: AskedStateProps<T>) {
  const { data, error, again } = asked;
  if (data === undefined && error?.status === 404 && absent !== undefined)
    return <p class="absent">{absent}</p>;
  return (
    <>
      {error && (
        <p class="problem" role="alert">
          {error.message}{' '}
          <button type="button" onClick={again}>
            Try again
          </button>
        </p>
      )}
      {data !== undefined ? children(data) : !error && <p class="absent">Loading…</p>}
    </>
  );
}
