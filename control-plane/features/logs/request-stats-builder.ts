import type { RequestStats } from './request-stats.ts';

/** The part of the statistics that needs no engine: `logplane view` sums it up from a request log's files. */
export interface EntryStats {
  readonly api_stats: Pick<
    RequestStats['api_stats'],
    'total_requests' | 'endpoints' | 'methods' | 'status_codes' | 'avg_response_time' | 'response_times'
  >;
  readonly error_summary: RequestStats['error_summary'];
  readonly timeframe_hours: number;
}

export type LogEntryFields = Readonly<Record<string, unknown>>;

/** Response times that are listed; all of them count in the average. */
export const LISTED_RESPONSE_TIMES = 1_000;

class Tally {
  readonly #counts = new Map<string, number>();

  /** Counts a value; a missing field or null is ignored. */
  add(value: unknown): void {
    if (value === undefined || value === null) return;
    const key = String(value);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** The largest first. */
  toObject(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
  }
}

/**
 * Sums up the entries of request logs. Requests are entries of type `request`, by endpoint and method; statuses and times come
 * from entries of type `response`. Errors are all entries of level ERROR and FATAL.
 */
export class RequestStatsBuilder {
  readonly #endpoints = new Tally();
  readonly #methods = new Tally();
  readonly #statusCodes = new Tally();
  readonly #errorTypes = new Tally();
  readonly #errorEndpoints = new Tally();
  readonly #errorStatusCodes = new Tally();
  #requests = 0;
  #errors = 0;
  #responses = 0;
  #milliseconds = 0;
  #times: number[] = [];

  add(entry: LogEntryFields): void {
    this.addCall(entry);
    this.addError(entry);
  }

  addCall(entry: LogEntryFields): void {
    if (entry.type === 'request') {
      this.#requests++;
      this.#endpoints.add(entry.endpoint ?? 'unknown');
      this.#methods.add(entry.method);
    } else if (entry.type === 'response') {
      this.#statusCodes.add(entry.status_code);
      if (typeof entry.duration_ms !== 'number') return;
      this.#responses++;
      this.#milliseconds += entry.duration_ms;
      this.#times.push(entry.duration_ms);
      if (this.#times.length > 2 * LISTED_RESPONSE_TIMES) this.#times = this.#newestTimes();
    }
  }

  addError(entry: LogEntryFields): void {
    const level = String(entry.level).toUpperCase();
    if (level !== 'ERROR' && level !== 'FATAL') return;
    this.#errors++;
    this.#errorTypes.add(entry.error_type ?? entry.exception_type ?? 'Unknown');
    this.#errorEndpoints.add(entry.endpoint);
    this.#errorStatusCodes.add(entry.status_code);
  }

  result(hours: number): EntryStats {
    const average = this.#responses === 0 ? 0 : this.#milliseconds / this.#responses;
    return {
      api_stats: {
        total_requests: this.#requests,
        endpoints: this.#endpoints.toObject(),
        methods: this.#methods.toObject(),
        status_codes: this.#statusCodes.toObject(),
        avg_response_time: Math.round(average * 100) / 100,
        response_times: this.#newestTimes(),
      },
      error_summary: {
        total_errors: this.#errors,
        error_types: this.#errorTypes.toObject(),
        endpoints_with_errors: this.#errorEndpoints.toObject(),
        status_codes: this.#errorStatusCodes.toObject(),
      },
      timeframe_hours: hours,
    };
  }

  #newestTimes(): number[] {
    return this.#times.slice(-LISTED_RESPONSE_TIMES);
  }
}
