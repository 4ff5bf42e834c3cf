/** The Fluent Bit that the agent manages: its own child, or one in another container. */
export interface FluentBit {
  /** undefined where it is in another process space. */
  readonly pid: number | undefined;
  /** Unexpected ends that were followed by a start. */
  readonly restarts: number;
  /** Records that it read but could not keep. */
  readonly lostRecords: number;
  /** Its last error message. */
  readonly lastError: string | undefined;
  /** Starts it with the configuration at this path. Resolves when it answers. @throws Error where it does not stay up */
  start(configPath: string): Promise<void>;
  /** Stops it after it has sent what is under way. */
  stop(): Promise<void>;
  /** Runs `work`, during which an end of the process is expected and does not lead to a restart. */
  supervised(work: () => Promise<void>): Promise<void>;
}
