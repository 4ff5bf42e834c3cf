import { resolve } from 'node:path';

/** Whether this test runs compiled. */
export const IS_COMPILED = import.meta.filename.endsWith('.js');

/** The folder that holds the project's modules, compiled where this test is. */
export const MODULES_FOLDER = resolve(import.meta.dirname, '..');

/** The file that Node runs for a module of the project. @param source e.g. `control-plane/main.ts` */
export function moduleFile(source: string): string {
  return resolve(MODULES_FOLDER, IS_COMPILED ? source.replace(/\.ts$/, '.js') : source);
}

/** Programs that tests start again and again. */
export const PROGRAMS = ['control-plane/main.ts', 'control-plane/cli/main.ts'] as const;

/** Compiled programs stand here, each with all that it imports in a few files, as deep below the project as `PACKAGE_ROOT` expects. */
export const BUNDLE_FOLDER = resolve(MODULES_FOLDER, 'test/programs');

/**
 * The file that Node runs for a program that tests start again and again: bundled for the suite, because to load its six hundred modules one by one takes
 * more than half of the CPU of a start.
 */
export function programFile(source: (typeof PROGRAMS)[number]): string {
  return IS_COMPILED ? resolve(BUNDLE_FOLDER, bundledName(source)) : moduleFile(source);
}

/** @param source e.g. `control-plane/cli/main.ts` */
export function bundledName(source: string): string {
  return source.replaceAll('/', '-').replace(/\.ts$/, '.js');
}

/** Options with which Node runs such a file. */
export const MODULE_OPTIONS: readonly string[] = IS_COMPILED
  ? []
  : [`--import=${import.meta.resolve('tsx')}`];
