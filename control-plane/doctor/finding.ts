/** The result of one check. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** What was found, and what can be done. */
  readonly detail: string;
  /** Repairs it where that is safe; no records are removed. Resolves with what was done. */
  readonly repair?: () => Promise<string>;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });
export const warning = (what: string, detail: string): Finding => ({ what, state: 'warning', detail });
export const problem = (what: string, detail: string): Finding => ({ what, state: 'problem', detail });

/** The reason of the operating system, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there; change its owner or its permissions';
    case 'EROFS':
      return 'the file system is mounted read-only; check the kernel log for disk errors, then remount it';
    case 'ENOSPC':
      return 'the disk is full; free some space, or set MAX_DISK_BYTES so that old records are deleted in time';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'expected a folder, got a file; remove the file';
    case 'EMFILE':
      return 'too many files are open; raise the limit (ulimit -n)';
    default:
      return message;
  }
}
