/** What the doctor says of one thing. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** What was found, and what can be done. */
  readonly detail: string;
  /** Does it, where that is safe: nothing that holds records is removed. Resolves with what was done. */
  readonly repair?: () => Promise<string>;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });
export const warning = (what: string, detail: string): Finding => ({ what, state: 'warning', detail });
export const problem = (what: string, detail: string): Finding => ({ what, state: 'problem', detail });

/** The reason that an operating system gives, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there; change its owner or its rights';
    case 'EROFS':
      return 'the file system is mounted read-only; remount it, after looking into the kernel log for disk errors';
    case 'ENOSPC':
      return 'the disk is full; free some space, or set MAX_DISK_BYTES so that old records go by themselves';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file stands where a folder is needed';
    case 'EMFILE':
      return 'too many files are open; raise the limit (ulimit -n)';
    default:
      return message;
  }
}
