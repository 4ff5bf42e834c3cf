import { address, addressOf, useAddress } from '../address.ts';
import { Histogram, type HistogramData } from '../live/histogram.tsx';
import { viewAddress } from '../live/live-view.ts';
import { formatCount, formatDuration, formatShare } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { ShareList } from '../parts/share-list.tsx';
import { quoteValue } from '../query/complete.ts';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { ErrorPatterns } from './error-patterns.tsx';
import { type SlowEndpoint, SlowEndpoints } from './slow-endpoints.tsx';

interface Stats {
  readonly api_stats: {
    readonly total_requests: number;
    readonly avg_response_time: number;
    readonly p95_response_time: number | null;
    readonly p99_response_time: number | null;
    readonly slow_endpoints: readonly SlowEndpoint[];
  };
  readonly error_summary: {
    readonly total_errors: number;
    readonly error_types: Readonly<Record<string, number>>;
    readonly endpoints_with_errors: Readonly<Record<string, number>>;
    readonly status_codes: Readonly<Record<string, number>>;
  };
}

const PATH = '/ui/errors';
const ERRORS = 'level:error OR level:fatal';
const RANGES = [
  ['1', 'Last hour'],
  ['6', 'Last 6 hours'],
  ['24', 'Last 24 hours'],
  ['168', 'Last 7 days'],
  ['720', 'Last 30 days'],
] as const;
const EVERY_MS = 15_000;

/** Error patterns, the new ones first, and statistics of API requests. */
export function ErrorsPage() {
  const { parameters } = useAddress();
  const hours = parameters.get('hours') ?? '24';
  const from = `now-${hours}h`;
  useTitle('Errors');
  const stats = useAsk<Stats>('/api/v1/logs/stats', { hours }, EVERY_MS);
  const histogram = useAsk<HistogramData>(
    '/api/v1/logs/histogram',
    { q: ERRORS, from, by: 'level' },
    EVERY_MS,
  );
  const live = (q: string) => viewAddress({ q, from });
  return (
    <main class="page">
      <header class="page-head">
        <h1>Errors</h1>
        <select
          aria-label="Time range"
          value={hours}
          onChange={(event) => address.go(addressOf(PATH, { hours: event.currentTarget.value }))}
        >
          {RANGES.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        <Link to={live(ERRORS)} className="button">
          All error lines
        </Link>
      </header>
      <Histogram
        data={histogram.data}
        onZoom={(start, end) =>
          address.go(
            viewAddress({ q: ERRORS, from: new Date(start).toISOString(), to: new Date(end).toISOString() }),
          )
        }
      />
      <ErrorPatterns from={from} />
      <AskedState asked={stats}>
        {({ api_stats: api, error_summary: errors }) => (
          <>
            <h2 class="part">API requests</h2>
            <dl class="figures">
              <Figure name="Requests">{formatCount(api.total_requests)}</Figure>
              <Figure name="Errors" className={errors.total_errors > 0 ? 'bad' : ''}>
                {formatCount(errors.total_errors)}
              </Figure>
              <Figure name="Errors per request">
                {api.total_requests === 0 ? '–' : formatShare(errors.total_errors / api.total_requests)}
              </Figure>
              <Figure name="Mean response time">{formatDuration(api.avg_response_time)}</Figure>
              <Figure name="95 % within">{duration(api.p95_response_time)}</Figure>
              <Figure name="99 % within">{duration(api.p99_response_time)}</Figure>
            </dl>
            <div class="columns">
              <ShareList
                title="Error types"
                counts={errors.error_types}
                label={(name) => <Link to={live(`error_type:${quoteValue(name)}`)}>{name}</Link>}
                none="No error has a type."
              />
              <ShareList
                title="Endpoints"
                counts={errors.endpoints_with_errors}
                label={(name) => <Link to={live(`level:error endpoint:${quoteValue(name)}`)}>{name}</Link>}
                none="No endpoint has errors."
              />
              <ShareList
                title="Statuses"
                counts={errors.status_codes}
                label={(code) => <Link to={live(`status_code:${code}`)}>{code}</Link>}
                none="No response was an error."
              />
            </div>
            <SlowEndpoints endpoints={api.slow_endpoints} />
          </>
        )}
      </AskedState>
    </main>
  );
}

function duration(milliseconds: number | null): string {
  return milliseconds === null ? '–' : formatDuration(milliseconds);
}
