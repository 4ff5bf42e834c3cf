import { expandHome, type SshLogin } from '../../ssh/ssh-login.ts';

export interface FileChoice {
  /** Patterns of rsync; no pattern includes all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Larger files are passed over. */
  readonly maxBytes: number | undefined;
}

/** A folder of log files that is copied here with its sub-folders. */
export interface SyncSource {
  readonly name: string;
  /** `machine_id` of the records. */
  readonly machineId: string;
  /** The folder with the logs, absolute or, over SSH, below the user's home: `~/…`. */
  folder: string;
  /**
   * True where `folder` may be the folder above the logs, as earlier versions took it: where all of its files are below `logs/`, that is the
   * folder from then on.
   */
  readonly mayBeBase?: boolean;
  /** Which files are copied; all of them where undefined. */
  readonly choice?: FileChoice;
  /** undefined: the folder is a local or mounted one. */
  readonly ssh?: SshLogin | undefined;
  /** True for the default source, whose folder may be missing. */
  readonly optional: boolean;
}

/** The `file_path` of the records of a source's file. */
export function recordPath(source: SyncSource, path: string): string {
  return `${source.ssh ? source.folder : expandHome(source.folder)}/${path}`;
}
