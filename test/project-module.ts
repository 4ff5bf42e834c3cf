import { resolve } from 'node:path';

/** Whether this test runs compiled. */
export const IS_COMPILED = import.meta.filename.endsWith('.js');

/** The folder that holds the project's modules, compiled where this test is. */
export const MODULES_FOLDER = resolve(import.meta.dirname, '..');

/** The file that Node runs for a module of the project. @param source e.g. `control-plane/main.ts` */
export function moduleFile(source: string): string {
  return resolve(MODULES_FOLDER, IS_COMPILED ? source.replace(/\.ts$/, '.js') : source);
}

/** Options with which Node runs such a file. */
export const MODULE_OPTIONS: readonly string[] = IS_COMPILED
  ? []
  : [`--import=${import.meta.resolve('tsx')}`];
