import { createRandom } from '../../bench/fleet-workload.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { makeGarbage } from './garbage.ts';
import { type DrillResult, Senders } from './senders.ts';

export interface GarbageResult extends DrillResult {
  /** Answers to the garbage, by status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Seeds of the bodies that were answered as none should be. */
  readonly wrong: readonly number[];
}

/** The statuses that are right for what cannot be used. */
const ALLOWED = new Set([200, 400, 413, 415, 503]);
const LIMIT = 1024 * 1024;

/** Garbage of all kinds, oversized bodies and requests that are cut in the middle, beside proper senders. */
export async function drillGarbage(options: {
  readonly folder: string;
  readonly seeds: readonly number[];
}): Promise<GarbageResult> {
  const server = await startProcess({ DATA_DIR: options.folder, INGEST_MAX_BYTES: String(LIMIT) });
  const senders = new Senders({ url: () => server.url, agents: 3, linesPerRequest: 20 });
  const answers: Record<string, number> = {};
  const wrong: number[] = [];
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(server.url + path, { method: 'POST', ...init });
    await response.text();
    answers[response.status] = (answers[response.status] ?? 0) + 1;
    return response.status;
  };
  for (const seed of options.seeds) {
    const { path, headers, body } = makeGarbage(createRandom(seed));
    if (!ALLOWED.has(await send(path, { headers, body }))) wrong.push(seed);
    if (seed % 20 === 0) {
      if (
        (await send(path, {
          headers: { 'content-type': 'application/json' },
          body: Buffer.alloc(LIMIT + 1, 'x'),
        })) !== 413
      )
        wrong.push(seed);
      const cut = AbortSignal.timeout(5);
      await fetch(server.url + path, {
        method: 'POST',
        body: new ReadableStream({ pull: () => new Promise(() => {}) }),
        duplex: 'half',
        signal: cut,
      } as RequestInit).catch(() => {});
    }
  }
  await senders.stop();
  const result = await senders.result();
  const code = await server.stop('SIGTERM');
  if (code !== 0) throw new Error(`the server did not stop cleanly: ${code}`);
  return { ...result, answers, wrong };
}
