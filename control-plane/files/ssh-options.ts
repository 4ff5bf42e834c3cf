import type { SshLogin } from './sync-source.ts';
import { expandHome } from './sync-source.ts';

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
