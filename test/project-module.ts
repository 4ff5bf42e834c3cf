import { resolve } from 'node:path';

const isCompiled = import.meta.filename.endsWith('.js');

/** The file that Node runs for a module of the project: of a compiled test the compiled one. @param source e.g. `control-plane/main.ts` */
export function moduleFile(source: string): string {
  return resolve(import.meta.dirname, '..', isCompiled ? source.replace(/\.ts$/, '.js') : source);
}

/** Options with which Node runs such a file. */
export const MODULE_OPTIONS: readonly string[] = isCompiled ? [] : [`--import=${import.meta.resolve('tsx')}`];
