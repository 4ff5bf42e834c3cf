import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';

/** Data folders of killed servers, to take files from. */
export interface Generations {
  /** The one that is damaged. */
  readonly present: string;
  /** The same at an earlier time. */
  readonly past: string;
  /** Of another server. */
  readonly foreign: string;
  /** Bodies that `present` acknowledged; the records of all of them are numbered from 0. */
  readonly bodies: readonly string[];
  readonly records: number;
}

export const FUZZED_SERVICE = 'fuzzed';
/** A sender without a name may well send the same bytes as another event. */
export const FUZZED_SENDER = { 'X-Machine-Id': 'fuzzed' };
const LINES = 20;
const REQUESTS = 6;

/** Each ends with records that stand in the journal alone, behind some in parts of the table. */
export async function makeGenerations(folder: string): Promise<Generations> {
  const paths = {
    present: join(folder, 'present'),
    past: join(folder, 'past'),
    foreign: join(folder, 'foreign'),
  };
  const working = join(folder, 'working');
  const tailed = join(folder, 'tailed.log');
  writeFileSync(tailed, 'one line of a file\n');
  const settings = { DATA_DIR: working, LOG_PATHS: tailed };
  const bodies: string[] = [];
  // A stop saves positions and windows.
  await live(settings, bodies, FUZZED_SERVICE, 'SIGTERM');
  await live(settings, bodies, FUZZED_SERVICE);
  cpSync(working, paths.past, { recursive: true });
  await live(settings, bodies, FUZZED_SERVICE);
  cpSync(working, paths.present, { recursive: true });
  rmSync(working, { recursive: true });
  await live(settings, [], 'foreign');
  cpSync(working, paths.foreign, { recursive: true });
  rmSync(working, { recursive: true });
  return { ...paths, bodies, records: bodies.length * LINES };
}

async function live(
  settings: Record<string, string>,
  bodies: string[],
  service: string,
  end: 'SIGKILL' | 'SIGTERM' = 'SIGKILL',
): Promise<void> {
  const server = await startProcess(settings);
  for (let request = 0; request < REQUESTS; request++) {
    await ingest(server, bodies, service);
    // Whoever asks has what came in stored: each of these becomes a part.
    if (request % 2 === 0) await server.get(`/api/v1/logs/count?q=service:${service}`);
  }
  await server.get(`/api/v1/logs/count?q=service:${service}`);
  for (let request = 0; request < REQUESTS; request++) await ingest(server, bodies, service);
  await server.stop(end);
}

async function ingest(server: ServerProcess, bodies: string[], service: string): Promise<void> {
  const first = bodies.length * LINES;
  const lines = Array.from({ length: LINES }, (_, line) =>
    JSON.stringify({ message: `id ${Math.sin(first + line)}`, service, n: first + line }),
  );
  const body = lines.join('\n');
  bodies.push(body);
  const { status } = await server.ingest(body, FUZZED_SENDER);
  if (status !== 200) throw new Error(`the answer was ${status}`);
}
