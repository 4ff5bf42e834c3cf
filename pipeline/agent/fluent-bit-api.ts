const TIMEOUT_MILLISECONDS = 3_000;

/** The counts of a running Fluent Bit since it was started or reloaded. */
export interface FluentBitCounts {
  /** Records that inputs took in. */
  readonly records: number;
  readonly bytes: number;
  readonly sent: number;
  readonly retries: number;
  readonly dropped: number;
  readonly skippedLines: number;
  /** Chunks that wait to be sent. */
  readonly chunks: number;
}

interface Metrics {
  readonly input?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly output?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The status address of Fluent Bit (`HTTP_Server`). */
export class FluentBitApi {
  readonly #address: () => string;

  /** @param address called for each request, because a configuration may change the address */
  constructor(address: () => string) {
    this.#address = address;
  }

  /** Number of reloads; undefined where Fluent Bit does not answer. */
  async reloadCount(): Promise<number | undefined> {
    const answer = await this.#get<{ hot_reload_count: number }>('/api/v2/reload');
    return answer?.hot_reload_count;
  }

  /** Requests a reload. Only `reloadCount` shows whether it succeeded. */
  async reload(): Promise<void> {
    // Without a body Fluent Bit does not answer at all.
    await fetch(`${this.#address()}/api/v2/reload`, {
      method: 'POST',
      body: '',
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    }).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
  }

  async version(): Promise<string | undefined> {
    const answer = await this.#get<{ 'fluent-bit': { version: string } }>('/');
    return answer?.['fluent-bit'].version;
  }

  /** Seconds since the process started; undefined where Fluent Bit does not answer. */
  async uptime(): Promise<number | undefined> {
    return (await this.#get<{ uptime_sec: number }>('/api/v1/uptime'))?.uptime_sec;
  }

  async counts(): Promise<FluentBitCounts | undefined> {
    const [metrics, storage] = await Promise.all([
      this.#get<Metrics>('/api/v1/metrics'),
      this.#get<{ storage_layer: { chunks: { total_chunks: number } } }>('/api/v1/storage'),
    ]);
    if (!metrics) return undefined;
    const sum = (part: Metrics['input'], name: string) =>
      Object.values(part ?? {}).reduce((total, values) => total + (values[name] ?? 0), 0);
    return {
      records: sum(metrics.input, 'records'),
      bytes: sum(metrics.input, 'bytes'),
      sent: sum(metrics.output, 'proc_records'),
      retries: sum(metrics.output, 'retries'),
      dropped: sum(metrics.output, 'dropped_records'),
      skippedLines: sum(metrics.input, 'long_line_skipped'),
      chunks: storage?.storage_layer.chunks.total_chunks ?? 0,
    };
  }

  async #get<T>(path: string): Promise<T | undefined> {
    try {
      const response = await fetch(`${this.#address()}${path}`, {
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      });
      return response.ok ? ((await response.json()) as T) : undefined;
    } catch {
      return undefined;
    }
  }
}
