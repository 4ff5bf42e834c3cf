import { expandHome, sshOptions } from '../../ssh/ssh-login.ts';
import type { SyncSource } from './sync-source.ts';

/** Seconds without a byte after which rsync gives up. */
const SILENCE_SECONDS = 60;

/** What every run has in common: regular files with their times; no links, devices or sockets, nothing deleted. */
const COMMON = [
  '--recursive',
  '--times',
  '--omit-dir-times',
  '--perms',
  '--chmod=D750,F640',
  '--secluded-args',
  '--8-bit-output',
  '--no-human-readable',
  `--timeout=${SILENCE_SECONDS}`,
  // What NFS keeps of files that are deleted while open.
  '--exclude=.nfs*',
];

/** @returns arguments of an `rsync` that copies from the source into the folder `target` */
export function rsyncArguments(source: SyncSource, extra: readonly string[], target: string): string[] {
  const { ssh } = source;
  const remote = ssh
    ? ['--compress', '-e', ['ssh', ...sshOptions(ssh)].map(quote).join(' ')]
    : // The delta algorithm is what leaves the bytes that are already here alone.
      ['--no-whole-file'];
  return [...COMMON, ...remote, ...extra, '--', `${location(source)}/`, `${target}/`];
}

function location({ folder, ssh }: SyncSource): string {
  if (!ssh) return expandHome(folder);
  const host = ssh.host.includes(':') ? `[${ssh.host}]` : ssh.host;
  // Nothing expands a `~` there, but rsync starts in the home folder.
  const path = folder === '~' ? '.' : folder.startsWith('~/') ? `./${folder.slice(2)}` : folder;
  return `${host}:${path.startsWith('/') || path.startsWith('.') ? path : `./${path}`}`;
}

/** As rsync takes the words of its `-e` apart. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "''")}'`;
}
