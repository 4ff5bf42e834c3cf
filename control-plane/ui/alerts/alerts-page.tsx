import { useCallback, useState } from 'preact/hooks';
import { AskedState } from '../parts/asked-state.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import type { Alert } from './alert.ts';
import { AlertTable } from './alert-table.tsx';
import { Receivers } from './receivers.tsx';
import { Rules } from './rules.tsx';
import type { SilenceDraft } from './silence.ts';
import { Silences } from './silences.tsx';
import { useAlertStream } from './use-alert-stream.ts';

/** The stream reports changes at once; polling finds what it misses. */
const EVERY_MS = 15_000;
const FEW = '15';
const MANY = '500';

/** Current alerts and their history, silences, receivers and rules. */
export function AlertsPage() {
  useTitle('Alerts');
  const [length, setLength] = useState(FEW);
  const alerts = useAsk<{ alerts: readonly Alert[] }>('/api/v1/alerts', {}, EVERY_MS);
  const history = useAsk<{ events: readonly Alert[] }>('/api/v1/alerts/history', { limit: length }, EVERY_MS);
  const [silence, setSilence] = useState<SilenceDraft>();
  useAlertStream(
    useCallback(() => {
      alerts.again();
      history.again();
    }, []),
  );
  const isActive = ({ state }: Alert) => state === 'firing' || state === 'pending';
  const events = history.data?.events ?? [];
  return (
    <main class="page">
      <header class="page-head">
        <h1>Alerts</h1>
      </header>
      <AskedState asked={alerts} absent="This server evaluates no alert rules.">
        {({ alerts: all }) => (
          <>
            <AlertTable
              title="Now"
              alerts={all.filter(isActive)}
              none="No alert is pending or firing."
              onSilence={({ rule, labels }) => setSilence({ rule, labels })}
            />
            <AlertTable title="History" alerts={events} none="No alert has changed its state yet." />
            {length === FEW && events.length === Number(FEW) && (
              <button type="button" class="link" onClick={() => setLength(MANY)}>
                Show more of the history
              </button>
            )}
            <Silences draft={silence} onDraft={setSilence} />
            <Rules />
            <Receivers />
          </>
        )}
      </AskedState>
    </main>
  );
}
