import { addressOf } from '../address.ts';
import { viewAddress } from '../live/live-view.ts';
import { counted, formatBytes, formatCount } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { serviceHue } from '../parts/service-hue.ts';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { SyncState } from './sync-state.tsx';

interface ServiceStats {
  readonly service: string;
  readonly file_count: number;
  readonly total_size_bytes: number;
  readonly latest_modified: string;
  readonly record_count: number;
}

const EVERY_MS = 5_000;

/** What is stored of each service. */
export function ServicesPage() {
  useTitle('Services');
  const stats = useAsk<Readonly<Record<string, ServiceStats>>>('/services/stats', {}, EVERY_MS);
  return (
    <main class="page">
      <header class="page-head">
        <h1>Services</h1>
      </header>
      <SyncState />
      <AskedState asked={stats}>
        {(services) => {
          const sorted = Object.values(services).sort((a, b) => b.record_count - a.record_count);
          if (sorted.length === 0) return <p class="absent">No records are stored yet.</p>;
          return (
            <ul class="cards">
              {sorted.map((stats) => (
                <li key={stats.service} class="card">
                  <ServiceCard stats={stats} />
                </li>
              ))}
            </ul>
          );
        }}
      </AskedState>
    </main>
  );
}

function ServiceCard({ stats }: { readonly stats: ServiceStats }) {
  const { service, file_count, total_size_bytes, latest_modified, record_count } = stats;
  return (
    <>
      <h2 class={`hue-${serviceHue(service)}`}>{service}</h2>
      <dl class="figures">
        <Figure name="Lines">{formatCount(record_count)}</Figure>
        <Figure name="Size">{formatBytes(total_size_bytes)}</Figure>
        <Figure name="Newest">
          <TimeText time={latest_modified} />
        </Figure>
      </dl>
      <p class="links">
        <Link to={viewAddress({ service: [service] })}>Live</Link>
        <Link to={addressOf('/ui/services/files', { service })}>{counted(file_count, 'file')}</Link>
      </p>
    </>
  );
}
