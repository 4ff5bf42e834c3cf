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

/** First characters that no program takes for an option; what is left out has no place in a host name. */
export const HOST_NAME = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,252}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?)$/;
export const USER_NAME = /^[A-Za-z0-9_][\w.@-]{0,63}\$?$/;

/**
 * Options of `ssh`: no questions, only known hosts, and a connection that dies is noticed within a minute. The rest,
 * a jump host for instance, is the user's own ssh configuration.
 */
export function sshOptions({ user, port, key, knownHosts }: SshLogin): string[] {
  const options = [
    '-T',
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=yes',
    '-oConnectTimeout=15',
    '-oServerAliveInterval=15',
    '-oServerAliveCountMax=3',
    '-oClearAllForwardings=yes',
    '-oLogLevel=ERROR',
  ];
  if (user !== undefined) options.push('-l', user);
  if (port !== undefined) options.push('-p', String(port));
  if (key !== undefined) options.push('-i', expandHome(key), '-oIdentitiesOnly=yes');
  if (knownHosts !== undefined)
    options.push(`-oUserKnownHostsFile="${escapeTokens(expandHome(knownHosts))}"`);
  return options;
}

/** ssh replaces `%h` and the like in a file's name. */
function escapeTokens(path: string): string {
  return path.replaceAll('%', '%%');
}

/** `~/x` of the user who runs this. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(path);
}
