import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { compileFieldValue } from '../../query/field-value-sql.ts';
import { groupFields } from '../../query/group-field.ts';
import { chooseInterval, formatInterval, formatNanos } from '../../query/interval.ts';
import { filterOf } from '../../query/log-filter.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { NUMBER } from '../../query/text-test.ts';
import type { MetricRule } from './rules-file.ts';

export interface MetricSeriesRequest {
  readonly rule: MetricRule;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Nanoseconds; undefined: chosen by the length of the range. */
  readonly interval: bigint | undefined;
  /** The present, milliseconds since 1970. */
  readonly now: number;
}

export interface MetricPoint {
  /** Start of the piece of time, a multiple of the interval since 1970. */
  readonly timestamp: string;
  /** Number of records; for a rule that measures a field, of those with a number in it. */
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

export interface MetricSeries {
  readonly interval: string;
  /** The largest first; pieces of time without a record have no point. */
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly points: readonly MetricPoint[];
  }[];
}

const AUTOMATIC_POINTS = 100n;
const MAX_POINTS = 1_500n;
const OTHER = 'other';
const QUANTILES = [0.5, 0.95, 0.99];

type Row = [point: number, labels: string[], count: number, measures: number[]];

/**
 * A rule's numbers over time, from the records themselves, so that they reach back to before the rule.
 * @throws LogplaneError `bad_request` for an interval that makes too many points
 */
export async function metricSeries(
  clickhouse: ClickHouse,
  { rule, from = 'now-1h', to, interval, now }: MetricSeriesRequest,
  limits: QueryLimits,
): Promise<MetricSeries> {
  const filter = filterOf(rule.query, { from, to: to ?? new Date(now).toISOString() }, { now });
  const range = { from: filter.range.from!, to: filter.range.to! };
  const step = interval ?? chooseInterval(range.to - range.from, AUTOMATIC_POINTS);
  if ((range.to - range.from) / step > MAX_POINTS) {
    throw badRequest(
      `interval: expected a length that makes at most ${MAX_POINTS} points, got ${formatInterval(step)}`,
    );
  }
  const by = groupFields(rule.by);
  const measured = rule.field === undefined ? undefined : compileFieldValue(rule.field, 'field_');
  const labels = `[${by.map(({ sql }) => `toString(${sql})`).join(', ')}]::Array(String)`;
  const value = measured && `if(match(${measured.sql}, '${NUMBER}'), toFloat64OrNull(${measured.sql}), NULL)`;
  const measures = value
    ? `[sum(value * weight), min(value), max(value), ${QUANTILES.map((level) => `quantileTDigestWeighted(${level})(value, weight)`).join(', ')}]`
    : '[]::Array(Float64)';
  const rows = await clickhouse.query<Row>(
    `WITH chosen AS (
       SELECT intDiv(toUnixTimestamp64Nano(timestamp), {step:Int64}) AS point, ${labels} AS own_labels, weight
         ${value ? `, assumeNotNull(${value}) AS value` : ''}
       FROM logs WHERE ${filter.where} ${value ? `AND isFinite(${value})` : ''}
     ), frequent AS (
       SELECT own_labels FROM chosen GROUP BY own_labels ORDER BY sum(weight) DESC, own_labels LIMIT {max_series:UInt32}
     )
     SELECT point, if(own_labels IN frequent, own_labels, arrayMap(_ -> '${OTHER}', own_labels)) AS labels, sum(weight), ${measures}
     FROM chosen GROUP BY point, labels ORDER BY point`,
    {
      parameters: Object.assign(
        { ...filter.parameters, ...measured?.parameters, step, max_series: rule.max_series },
        ...by.map(({ parameters }) => parameters),
      ),
      ...limits,
    },
  );
  const series = new Map<string, { labels: Record<string, string>; points: MetricPoint[]; total: number }>();
  for (const [point, values, count, measured] of rows) {
    const key = JSON.stringify(values);
    let one = series.get(key);
    if (!one) {
      const labels = by.map((field, index) => [field.name, values[index]!]);
      one = { labels: Object.fromEntries(labels), points: [], total: 0 };
      series.set(key, one);
    }
    one.total += Number(count);
    one.points.push({
      timestamp: formatNanos(BigInt(point) * step),
      count: Number(count),
      ...named(measured),
    });
  }
  return {
    interval: formatInterval(step),
    series: [...series.values()]
      .sort((a, b) => b.total - a.total)
      .map(({ labels, points }) => ({ labels, points })),
  };
}

function named([sum, min, max, p50, p95, p99]: readonly number[]): Partial<MetricPoint> {
  return sum === undefined ? {} : { sum, min: min!, max: max!, p50: p50!, p95: p95!, p99: p99! };
}
