import { badRequest } from '../../../pipeline/runtime/errors.ts';

/** The file in a `path` parameter: one on the disk, or one that is known only from its records. */
export type LogPath =
  | { readonly kind: 'synced'; readonly path: string }
  | { readonly kind: 'agent'; readonly machineId: string; readonly filePaths: readonly string[] };

const MAX_CHARACTERS = 4096;
const NO_MACHINE = '-';

/** The path of a file that an agent shipped: `agents/<machine>/<its path there>`. */
export function agentPath(machineId: string, filePath: string): string {
  const machine = machineId === '' ? NO_MACHINE : encodeURIComponent(machineId);
  return `agents/${machine}/${filePath.startsWith('/') ? filePath.slice(1) : filePath}`;
}

/**
 * Parses a path of `/logs`. Other paths are rejected before anything is looked up, and a valid one is looked up among the known
 * files, never on the disk.
 * @throws LogplaneError `bad_request`
 */
export function parseLogPath(given: string | undefined): LogPath {
  const refuse = (what: string) => badRequest(`path: expected the path of a file as /logs lists it, ${what}`);
  if (given === undefined || given === '') throw refuse('got none');
  if (given.length > MAX_CHARACTERS)
    throw refuse(`of at most ${MAX_CHARACTERS} characters, got ${given.length}`);
  if (given.includes('\0')) throw refuse('got a NUL in it');
  const parts = given.split('/');
  const [root, machine, ...rest] = parts;
  if (
    parts.some((part) => part === '..' || part === '.') ||
    given.includes('\\..') ||
    given.startsWith('..\\')
  ) {
    throw refuse(`got "${given}"`);
  }
  if (root === 'categorized' && parts.length >= 3) return { kind: 'synced', path: given };
  if (root === 'agents' && machine !== undefined && rest.length > 0) {
    const filePath = rest.join('/');
    return {
      kind: 'agent',
      machineId: machine === NO_MACHINE ? '' : decodeMachine(machine),
      filePaths: [`/${filePath}`, filePath],
    };
  }
  throw refuse(`got "${given}"`);
}

function decodeMachine(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
