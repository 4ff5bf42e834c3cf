/** A Fluent Bit that the agent looks after: its own child, or one that something else runs. */
export interface FluentBit {
  /** undefined where it is in another process space. */
  readonly pid: number | undefined;
  /** Unexpected ends that were followed by a start. */
  readonly restarts: number;
  /** Records that it took in but could not keep. */
  readonly lostRecords: number;
  /** The last thing that it said of a failure. */
  readonly lastError: string | undefined;
  /** Runs it with the configuration at this path. Resolves when it answers. @throws Error where it does not stay up */
  start(configPath: string): Promise<void>;
  /** Finishes what is under way and ends it. */
  stop(): Promise<void>;
  /** While true, an end of it is part of what is being done and not followed by a start. */
  supervised(work: () => Promise<void>): Promise<void>;
}
