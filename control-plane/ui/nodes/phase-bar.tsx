import { PHASES } from './node.ts';

export interface PhaseBarProps {
  readonly phase: string;
  readonly progress: number;
  /** The phase before it failed. */
  readonly failedIn?: string | undefined;
}

/** How far a launch is: its phases as steps, and the percents. */
export function PhaseBar({ phase, progress, failedIn }: PhaseBarProps) {
  const isFailed = phase === 'failed';
  const reached = PHASES.findIndex(([name]) => name === (isFailed ? failedIn : phase));
  return (
    <div class={`phase-bar ${isFailed ? 'is-failed' : ''}`}>
      <ol>
        {PHASES.map(([name, words], index) => {
          const done = index < reached || phase === 'active';
          const current = index === reached && phase !== 'active';
          return (
            <li
              key={name}
              class={done ? 'is-done' : current ? 'is-current' : ''}
              aria-current={current ? 'step' : undefined}
            >
              {words}
            </li>
          );
        })}
      </ol>
      <progress max={100} value={progress} aria-label="Progress of the launch">
        {progress} %
      </progress>
    </div>
  );
}
