import { expandHome, sshOptions } from '../../ssh/ssh-login.ts';
import type { FileChoice, SyncSource } from './sync-source.ts';

/** Seconds without data after which rsync gives up. */
const SILENCE_SECONDS = 60;

/** Options of every run: regular files with their times; no links, devices or sockets; nothing is deleted. */
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
  // Files that NFS keeps when open files are deleted.
  '--exclude=.nfs*',
];

/** @returns arguments of an `rsync` that copies from the source into the folder `target` */
export function rsyncArguments(source: SyncSource, extra: readonly string[], target: string): string[] {
  const { ssh } = source;
  const remote = ssh
    ? ['--compress', '-e', ['ssh', ...sshOptions(ssh)].map(quote).join(' ')]
    : // With the delta algorithm existing bytes are not copied again.
      ['--no-whole-file'];
  return [
    ...COMMON,
    ...choose(source.choice),
    ...remote,
    ...extra,
    '--',
    `${location(source)}/`,
    `${target}/`,
  ];
}

function choose(choice: FileChoice | undefined): string[] {
  if (!choice) return [];
  const { include, exclude, maxBytes } = choice;
  return [
    ...exclude.map((pattern) => `--exclude=${pattern}`),
    // The first rule that matches a name counts.
    ...(include.length > 0
      ? [
          '--include=*/',
          ...include.map((pattern) => `--include=${pattern}`),
          '--exclude=*',
          '--prune-empty-dirs',
        ]
      : []),
    ...(maxBytes === undefined ? [] : [`--max-size=${maxBytes}`]),
  ];
}

function location({ folder, ssh }: SyncSource): string {
  if (!ssh) return expandHome(folder);
  const host = ssh.host.includes(':') ? `[${ssh.host}]` : ssh.host;
  // No shell expands a `~`, but rsync starts in the home folder.
  const path = folder === '~' ? '.' : folder.startsWith('~/') ? `./${folder.slice(2)}` : folder;
  return `${host}:${path.startsWith('/') || path.startsWith('.') ? path : `./${path}`}`;
}

/** Quotes a word of rsync's option `-e`. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "''")}'`;
}
