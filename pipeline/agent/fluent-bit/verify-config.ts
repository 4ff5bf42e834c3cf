import { checkConfig } from './check-config.ts';
import type { Problem } from './problem.ts';
import type { ConfigFile } from './render-config.ts';
import { tryConfig } from './try-config.ts';
import { VARIABLES } from './variables.ts';

/** Secret variables, to which a configuration refers instead of holding their values. */
export const SECRETS: readonly string[] = Object.keys(VARIABLES).filter((name) => VARIABLES[name]!.secret);

/**
 * All known problems of a configuration: those of its structure and, where there are none, those that a real Fluent Bit
 * reports.
 * @param program undefined on a machine without Fluent Bit
 * @param environment names of the variables that Fluent Bit will have
 */
export async function verifyConfig(
  files: readonly ConfigFile[],
  program: string | undefined,
  environment: readonly string[] = SECRETS,
): Promise<readonly Problem[]> {
  const { sections, problems } = checkConfig(files, environment);
  if (problems.length > 0 || program === undefined) return problems;
  return tryConfig({ program, files, sections, environment });
}
