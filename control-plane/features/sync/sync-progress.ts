import type { TransferProgress } from './rsync-output.ts';

export type SyncPhase = 'listing' | 'copying' | 'storing';

/** The progress of a sync; unknown values are left out. */
export interface ProgressReport {
  readonly phase: SyncPhase;
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
  readonly bytes_per_second: number;
  readonly remaining_seconds?: number;
}

/** Interval of lines on the console. */
const REPORT_MS = 5_000;

/** Follows one source's sync, for `/sync/status` and, where it takes long, for the console. */
export class SyncProgress {
  readonly #name: string;
  readonly #report: (line: string) => void;
  #phase: SyncPhase | undefined;
  #began = 0;
  #reported = 0;
  #done: TransferProgress = { files: 0, bytes: 0 };
  #total: TransferProgress = { files: 0, bytes: 0 };

  constructor(name: string, report: (line: string) => void) {
    this.#name = name;
    this.#report = report;
  }

  begin(phase: SyncPhase, files = 0, bytes = 0): void {
    this.#phase = phase;
    this.#began = Date.now();
    this.#reported = this.#began;
    this.#done = { files: 0, bytes: 0 };
    this.#total = { files, bytes };
  }

  update(done: TransferProgress): void {
    this.#done = done;
    if (Date.now() - this.#reported < REPORT_MS) return;
    this.#reported = Date.now();
    this.#report(this.#line());
  }

  end(): void {
    this.#phase = undefined;
  }

  /** The progress; undefined while no sync runs. */
  report(): ProgressReport | undefined {
    if (!this.#phase) return undefined;
    const seconds = (Date.now() - this.#began) / 1000;
    const [done, total] =
      this.#total.bytes > 0 ? [this.#done.bytes, this.#total.bytes] : [this.#done.files, this.#total.files];
    return {
      phase: this.#phase,
      files: this.#done.files,
      files_total: this.#total.files,
      bytes: this.#done.bytes,
      bytes_total: this.#total.bytes,
      bytes_per_second: seconds > 0 ? Math.round(this.#done.bytes / seconds) : 0,
      ...(done > 0 && { remaining_seconds: Math.round((seconds / done) * Math.max(0, total - done)) }),
    };
  }

  #line(): string {
    const { phase, files, files_total, bytes, bytes_total, bytes_per_second, remaining_seconds } =
      this.report()!;
    const size = bytes_total > 0 ? `, ${megabytes(bytes)} of ${megabytes(bytes_total)} MB` : '';
    const rate = bytes > 0 ? `, ${megabytes(bytes_per_second)} MB/s` : '';
    const left = remaining_seconds === undefined ? '' : `, ${remaining_seconds} s left`;
    return `sync ${this.#name}: ${phase} ${files} of ${files_total} files${size}${rate}${left}`;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
