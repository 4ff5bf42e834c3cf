import type { ProgramEnd } from '../../../pipeline/runtime/run-program.ts';

const RSYNC_MISSING = 'rsync is not installed';

/** Messages of ssh and rsync, each with what an operator can do about it. The first that matches is the cause. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'the host key has changed: if the host was set up anew, remove the old key from the known hosts and add the new one',
  ],
  [/Host key verification failed/, 'the host key is not known: add it to the known hosts (ssh-keyscan)'],
  [
    /Permission denied \((?:publickey|password|keyboard|gssapi|hostbased)/,
    'login refused: check the user and the key',
  ],
  [/Too many authentication failures/, 'login refused: too many keys were tried, name one in SSH_KEY'],
  [/Could not resolve hostname/, 'the host name cannot be resolved'],
  [/Connection refused/, 'connection refused: no SSH server answers there'],
  [/Connection timed out|Operation timed out|Connection to .* timed out/, 'connection timed out'],
  [/No route to host|Network is unreachable/, 'the network does not lead to the host'],
  [/No space left on device|Disk quota exceeded/, 'the disk is full'],
  [/change_dir .* failed: No such file or directory/, 'the folder does not exist'],
  [/change_dir .* failed: Permission denied/, 'the folder cannot be read'],
  [/rsync: (?:command )?not found|rsync: No such file or directory/, RSYNC_MISSING],
  [/exec ssh: No such file|Failed to exec ssh/, 'ssh is not installed'],
  [/timeout in data (?:send\/receive|transfer)|io timeout/, 'no data came for a minute'],
  [
    /connection unexpectedly closed|Connection (?:closed|reset) by|Broken pipe|client_loop/,
    'the connection was cut',
  ],
];

/** One sentence about a failed program, followed by its own message. */
export function explainFailure({ code, stderr, timedOut }: ProgramEnd): string {
  if (timedOut) return 'the time limit is over; the next sync goes on where this one ended';
  const cause = CAUSES.find(([pattern]) => pattern.test(stderr))?.[1];
  const said = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /[a-z]/i.test(line) && !/^(?:rsync error|@)/.test(line));
  if (cause !== undefined) return said.length > 0 ? `${cause} (${said.at(-1)!.slice(0, 200)})` : cause;
  if (code === null || code === 20) return 'the transfer was killed; the next sync goes on where it ended';
  return said.at(-1)?.slice(0, 300) ?? `ended with exit code ${code}`;
}
