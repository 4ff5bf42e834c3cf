import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** How to log in where the files are. */
export interface SshLogin {
  /** Host name, address, or an alias of the user's own ssh configuration. */
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** Private key; without one, the agent's and the default ones are tried. */
  readonly key?: string | undefined;
  readonly knownHosts?: string | undefined;
}

/** A folder of log files that is copied here, its sub-folders included. */
export interface SyncSource {
  readonly name: string;
  /** `machine_id` of the records. */
  readonly machineId: string;
  /** The folder with the logs, absolute or, over SSH, below the user's home: `~/…`. */
  readonly folder: string;
  /** Without it the folder is a local or mounted one. */
  readonly ssh?: SshLogin | undefined;
  /** A folder that does not exist is no problem: nobody has asked for it. */
  readonly optional: boolean;
}

/** First characters that no program takes for an option; what is left out has no place in a host name. */
export const HOST_NAME = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,252}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?)$/;
export const USER_NAME = /^[A-Za-z0-9_][\w.@-]{0,63}\$?$/;

/** `~/x` of the user who runs this. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(path);
}

/** The `path` of a file of the source, as its records carry it in `file_path`. */
export function recordPath(source: SyncSource, path: string): string {
  return `${source.ssh ? source.folder : expandHome(source.folder)}/${path}`;
}
