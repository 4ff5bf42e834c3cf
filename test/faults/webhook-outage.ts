import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { until } from '../until.ts';
import { type ReceivedMessage, receiveWebhooks } from '../webhook-receiver.ts';

export interface OutageResult {
  /** Messages in the order in which they came, those that came again under the same id left out. */
  readonly messages: readonly ReceivedMessage[];
  /** Messages that came a second time. */
  readonly repeated: number;
  /** Ids of the alerts in the order in which they fired. */
  readonly fired: readonly string[];
}

/**
 * Alerts fire one after the other while their receiver is away; the server is killed in the middle of it. At the end
 * everything has to have arrived, each once by its id, in order.
 */
export async function outage({
  folder,
  alerts,
  awayMilliseconds,
}: {
  readonly folder: string;
  readonly alerts: number;
  readonly awayMilliseconds: number;
}): Promise<OutageResult> {
  const port = await freePort();
  const settings = { DATA_DIR: folder, ALERT_WEBHOOK_ALLOW: '127.0.0.1' };
  let server = await startProcess(settings);
  try {
    const rule = {
      kind: 'count',
      query: '"it broke"',
      by: ['job_id'],
      window: '1h',
      webhooks: [{ url: `http://127.0.0.1:${port}/hook` }],
    };
    await fetch(`${server.url}/api/v1/alerts/rules/broken`, { method: 'PUT', body: JSON.stringify(rule) });

    const fire = async (index: number) => {
      const record = { message: 'it broke', job_id: String(index), level: 'error' };
      await server.ingest(JSON.stringify(record), { 'X-Machine-Id': 'm1' });
      await until(async () => {
        const { alerts: open } = await server.get('/api/v1/alerts?rule=broken');
        return open.some(({ labels }: { labels: { job_id: string } }) => labels.job_id === String(index));
      }, `alert ${index}`);
    };
    const awayUntil = Date.now() + awayMilliseconds;
    for (let index = 0; index < alerts / 2; index++) await fire(index);
    await server.stop('SIGKILL');
    server = await startProcess(settings);
    for (let index = alerts / 2; index < alerts; index++) await fire(index);
    await setTimeout(Math.max(awayUntil - Date.now(), 0));

    const receiver = await receiveWebhooks(port);
    try {
      await receiver.until(alerts);
      // Killed while it sends: what was not noted as sent comes again.
      await server.stop('SIGKILL');
      server = await startProcess(settings);
      await fire(alerts);
      const ids = () => new Set(receiver.received.map(({ id }) => id));
      while (ids().size <= alerts) await receiver.until(receiver.received.length + 1);
      const { events } = await server.get('/api/v1/alerts/history?rule=broken');
      const seen = new Set<string>();
      const messages = receiver.received.filter(({ id }) => !seen.has(id) && seen.add(id));
      return {
        messages,
        repeated: receiver.received.length - messages.length,
        fired: events.map(({ id }: { id: string }) => `${id}.firing`).reverse(),
      };
    } finally {
      await receiver.close();
    }
  } finally {
    await server.stop('SIGKILL');
  }
}
