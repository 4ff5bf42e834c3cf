import type { Test } from 'tap';
import { type Config, readConfig } from '../../control-plane/config.ts';
import { type RunningServer, startServer } from '../../control-plane/server.ts';

/** A server of a test's own, with a client that speaks JSON. */
export interface Serving {
  readonly server: RunningServer;
  /** The parsed body of an answer of status 200. */
  get<T = unknown>(path: string): Promise<T>;
  /** Stores records, as `POST /logs/ingest` takes them. */
  ingest(records: readonly object[]): Promise<void>;
}

export async function serve(t: Test, settings: Partial<Record<keyof Config, string>> = {}): Promise<Serving> {
  const config = readConfig({ DATA_DIR: t.testdir(), PORT: '0', MACHINE_ID: 'here', ...settings });
  const silent = () => {};
  const server = await startServer(config, { debug: silent, info: silent, warn: silent, error: t.comment });
  t.teardown(() => server.close());
  return {
    server,
    async get<T>(path: string) {
      const response = await fetch(server.url + path);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    async ingest(records) {
      const body = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      const response = await fetch(`${server.url}/logs/ingest`, { method: 'POST', body });
      if (response.status !== 200) throw new Error(`ingest: ${response.status} ${await response.text()}`);
    },
  };
}
