import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { QueryLimits } from '../../query/query-limits.ts';

type Counts = Readonly<Record<string, number>>;

/** Statistics of the request logs of the last hours. Times are in milliseconds; percentiles are null without responses. */
export interface RequestStats {
  readonly api_stats: {
    readonly total_requests: number;
    readonly endpoints: Counts;
    readonly methods: Counts;
    readonly status_codes: Counts;
    readonly avg_response_time: number;
    readonly p50_response_time: number | null;
    readonly p95_response_time: number | null;
    readonly p99_response_time: number | null;
    /** The newest 1,000, oldest first. */
    readonly response_times: readonly number[];
    /** The slowest by p95 first. */
    readonly slow_endpoints: readonly SlowEndpoint[];
  };
  readonly error_summary: {
    readonly total_errors: number;
    readonly error_types: Counts;
    readonly endpoints_with_errors: Counts;
    readonly status_codes: Counts;
  };
  readonly timeframe_hours: number;
}

export interface SlowEndpoint {
  readonly endpoint: string;
  readonly responses: number;
  /** Responses that took more than 5 s. */
  readonly slow_responses: number;
  readonly avg: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const SLOW_MILLISECONDS = 5_000;
const MAX_RESPONSE_TIMES = 1_000;
const MAX_SLOW_ENDPOINTS = 20;

/** SQL of the entries of request logs with their fields as texts; a missing field is empty. */
const entriesOf = (table: string) => `
  SELECT weight, type, level >= 'error' AS is_error, toUnixTimestamp64Nano(timestamp) AS time,
    JSONExtract(attributes, 'Tuple(endpoint String, method String, status_code String, error_type String, exception_type String)') AS fields,
    if(fields.endpoint = '', 'unknown', fields.endpoint) AS endpoint, fields.method AS method, fields.status_code AS status_code,
    multiIf(fields.error_type != '', fields.error_type, fields.exception_type != '', fields.exception_type, 'Unknown') AS error_type,
    type = 'request' AS is_request, type = 'response' AS is_response,
    JSONExtract(attributes, 'duration_ms', 'Nullable(Float64)') AS duration
  FROM ${table} WHERE type != '' AND timestamp >= now64(9) - toIntervalHour({hours:UInt32})`;

/** SQL of the 200 most frequent values by number of entries (with their sample rates); exact up to 2,000 different values. */
const mostFrequent = (field: string, condition: string) =>
  `approx_top_sumIf(200, 2000)(${field}, weight, ${condition})`;

type Item = { readonly item: string; readonly count: number };
type TotalsRow = [
  requests: number,
  endpoints: Item[],
  methods: Item[],
  statusCodes: Item[],
  average: number | null,
  quantiles: (number | null)[],
  times: [number, number][],
  errors: number,
  errorTypes: Item[],
  errorEndpoints: Item[],
  errorCodes: Item[],
];
type EndpointRow = [string, number, number, number, number[], number];

/** Statistics over the entries of `type` request and response, and over errors among all entries with a type. */
export async function requestStats(
  { clickhouse, table }: RecordTable,
  hours: number,
  limits: QueryLimits,
): Promise<RequestStats> {
  // Averages with integer weights are cut to integers.
  const options = { parameters: { hours }, ...limits };
  const [[totals], slowest] = await Promise.all([
    clickhouse.query<TotalsRow>(
      `SELECT sumIf(weight, is_request), ${mostFrequent('endpoint', 'is_request')}, ${mostFrequent('method', "is_request AND method != ''")},
         ${mostFrequent('status_code', "is_response AND status_code != ''")}, avgWeightedIf(duration, toFloat64(weight), is_response),
         quantilesTDigestWeightedIf(0.5, 0.95, 0.99)(duration, weight, is_response),
         groupArraySortedIf(${MAX_RESPONSE_TIMES})((-time, assumeNotNull(duration)), is_response AND isNotNull(duration)),
         sumIf(weight, is_error), ${mostFrequent('error_type', 'is_error')}, ${mostFrequent('endpoint', "is_error AND fields.endpoint != ''")},
         ${mostFrequent('status_code', "is_error AND status_code != ''")}
       FROM (${entriesOf(table)})`,
      options,
    ),
    clickhouse.query<EndpointRow>(
      `SELECT endpoint, sum(weight), sumIf(weight, duration > ${SLOW_MILLISECONDS}), avgWeighted(duration, toFloat64(weight)) AS mean,
         quantilesTDigestWeighted(0.5, 0.95, 0.99)(duration, weight) AS quantiles, max(duration)
       FROM (${entriesOf(table)}) WHERE is_response AND isNotNull(duration)
       GROUP BY endpoint ORDER BY quantiles[2] DESC, endpoint LIMIT ${MAX_SLOW_ENDPOINTS}`,
      options,
    ),
  ]);
  const [requests, endpoints, methods, codes, average, quantiles, times, errors, types, failing, failures] =
    totals!;
  const [p50 = null, p95 = null, p99 = null] = quantiles;
  return {
    api_stats: {
      total_requests: requests,
      endpoints: counts(endpoints),
      methods: counts(methods),
      status_codes: counts(codes),
      avg_response_time: round(average) ?? 0,
      p50_response_time: round(p50),
      p95_response_time: round(p95),
      p99_response_time: round(p99),
      response_times: times.map(([, duration]) => duration).reverse(),
      slow_endpoints: slowest.map(([endpoint, responses, slow, mean, [half, most95, most99], longest]) => ({
        endpoint,
        responses,
        slow_responses: slow,
        avg: round(mean)!,
        p50: round(half!)!,
        p95: round(most95!)!,
        p99: round(most99!)!,
        max: longest,
      })),
    },
    error_summary: {
      total_errors: errors,
      error_types: counts(types),
      endpoints_with_errors: counts(failing),
      status_codes: counts(failures),
    },
    timeframe_hours: hours,
  };
}

function counts(items: readonly Item[]): Counts {
  return Object.fromEntries(items.map(({ item, count }) => [item, Number(count)]));
}

/** Rounds to hundredths of a millisecond. */
function round(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 100) / 100;
}
