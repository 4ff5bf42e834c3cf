/** A problem of a configuration. An operator reads it, so `message` says what was expected and what came. */
export interface Problem {
  /** Which step found it. */
  readonly check: 'variables' | 'profile' | 'template' | 'structure' | 'dry-run' | 'trial';
  readonly message: string;
  /** The setting of a profile or the variable. */
  readonly field?: string;
  readonly file?: string;
  /** Line in `file`, from 1. */
  readonly line?: number;
}

export function describeProblem({ file, line, message }: Problem): string {
  return file === undefined ? message : `${file}${line === undefined ? '' : `:${line}`}: ${message}`;
}
