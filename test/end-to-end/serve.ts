import type { Test } from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

/** A server for one test, which ends with it. */
export interface Serving {
  readonly url: string;
  /** The parsed body of an answer of status 200. */
  get<T = unknown>(path: string): Promise<T>;
  /** Stores records, as `POST /logs/ingest` takes them. */
  ingest(records: readonly object[]): Promise<void>;
}

export async function serve(t: Test, settings: Record<string, string> = {}): Promise<Serving> {
  const server = await startHere({ DATA_DIR: temporaryFolder(), ...settings });
  t.teardown(() => server.close());
  return {
    url: server.url,
    async get<T>(path: string) {
      const response = await fetch(server.url + path);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    async ingest(records) {
      const answer = await server.ingest(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      if (answer.status !== 200) throw new Error(`ingest: ${answer.status} ${JSON.stringify(answer.body)}`);
    },
  };
}
