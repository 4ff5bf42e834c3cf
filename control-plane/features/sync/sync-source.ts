import { expandHome, type SshLogin } from '../../ssh/ssh-login.ts';

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

/** The `path` of a file of the source, as its records carry it in `file_path`. */
export function recordPath(source: SyncSource, path: string): string {
  return `${source.ssh ? source.folder : expandHome(source.folder)}/${path}`;
}
