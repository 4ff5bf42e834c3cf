import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Command } from 'commander';
import { LineTimes } from '../../pipeline/ingest/line-times.ts';
import {
  findBatchEnds,
  MAX_BATCH_BYTES,
  readBatch,
} from '../../pipeline/ingest/sources/files/split-events.ts';
import { readContainerLine } from '../../pipeline/ingest/transforms/container-line.ts';
import { compareTimestamps, formatTimestamp, fromMilliseconds } from '../../pipeline/record/timestamp.ts';
import { RefusedError, request, type ServerOptions, withServer } from './api.ts';
import { createProgress, FAILURE, progressBar, report } from './terminal.ts';

interface IngestOptions extends ServerOptions {
  readonly machine: string;
}

interface Receipt {
  readonly accepted: number;
  readonly rejected: number;
}

const CHUNK = 1024 * 1024;
const ATTEMPTS = 30;
/** How long the last event of a pipe waits for lines that continue it. */
const QUIET_MS = 1000;

export function addIngest(program: Command): void {
  withServer(program.command('ingest'))
    .description('send files (also .gz) or standard input: the records are those of tailing the file')
    .argument('<file...>', 'files; - is standard input')
    .option('--machine <id>', 'machine id of lines that name none', process.env.MACHINE_ID ?? hostname())
    .action(ingest);
}

async function ingest(files: readonly string[], options: IngestOptions): Promise<void> {
  const progress = createProgress();
  let accepted = 0;
  let rejected = 0;
  for (const file of files) {
    const path = file === '-' ? undefined : resolve(file);
    const stats = path === undefined ? undefined : await stat(path);
    const size = stats?.size;
    const timesOf = stats ? readTimes(stats.mtimeMs) : () => [];
    const input = path === undefined ? process.stdin : createReadStream(path, { highWaterMark: CHUNK });
    const content = file.endsWith('.gz') ? input.pipe(createGunzip({ chunkSize: CHUNK })) : input;
    // A pipe has no name, so only this run knows its batches again.
    const source = path ?? randomUUID();
    let offset = 0;
    for await (const bytes of readBatches(content, path === undefined)) {
      const key = createHash('sha256').update(`${source}\n${offset}\n`).update(bytes).digest('hex');
      offset += bytes.length;
      const { texts } = readBatch(bytes);
      if (texts.length === 0) continue;
      const times = timesOf(texts);
      const records = texts.map((text, index) =>
        toRecord(text, { timestamp: times[index], file_path: path }),
      );
      const receipt = await send(options, `${records.join('\n')}\n`, key);
      accepted += receipt.accepted;
      rejected += receipt.rejected;
      progress.show(`${size ? progressBar(input.bytesRead / size) : ''} ${accepted} records  ${file}`);
    }
  }
  progress.clear();
  report(`${accepted} records accepted, ${rejected} rejected`);
  if (rejected > 0) process.exitCode = FAILURE;
}

/**
 * Cuts the content where an event ends, as the collector does: the same file gives the same batches. Of a pipe each event is yielded as
 * soon as it has ended, or when nothing has come for a while.
 */
async function* readBatches(content: Readable, isPipe: boolean): AsyncGenerator<Buffer> {
  const chunks = content[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let pending: Buffer = Buffer.alloc(0);
  let next = chunks.next();
  for (let ended = false; !ended; ) {
    const read = await (isPipe && pending.length > 0 ? orQuiet(next) : next);
    if (read?.done) ended = true;
    else if (read) {
      pending = pending.length === 0 ? read.value : Buffer.concat([pending, read.value]);
      next = chunks.next();
    }
    while (pending.length > 0 && (isPipe || ended || pending.length >= MAX_BATCH_BYTES)) {
      const { finished, complete } = findBatchEnds(pending.subarray(0, MAX_BATCH_BYTES));
      const rest = ended ? Math.min(pending.length, MAX_BATCH_BYTES) : read ? 0 : complete;
      const length = finished || rest;
      if (length === 0) break;
      yield pending.subarray(0, length);
      pending = pending.subarray(length);
    }
  }
}

/** The next chunk; undefined where none has come for a while. */
async function orQuiet<Chunk>(next: Promise<Chunk>): Promise<Chunk | undefined> {
  const arrived = new AbortController();
  const quiet = setTimeout(QUIET_MS, undefined, { signal: arrived.signal }).catch(() => undefined);
  try {
    return await Promise.race([next, quiet]);
  } finally {
    arrived.abort();
  }
}

const DAY_MS = 86_400_000;

/**
 * The times of events that have none of their own: those of their neighbours in the file. What comes of the file's content alone is the same
 * whenever it is sent. A neighbour's time without a zone is sent without one, because the zone is the server's to know.
 */
function readTimes(modifiedMs: number): (texts: readonly string[]) => (string | undefined)[] {
  const [times, shifted] = [new LineTimes('UTC'), new LineTimes('Etc/GMT-1')];
  // Zones are up to 14 hours ahead of UTC.
  const readAt = fromMilliseconds(modifiedMs + DAY_MS);
  return (texts) => {
    const lines = texts.map((text) => ({ text, readAt, isHistory: true }));
    const others = shifted.of('', lines);
    return times.of('', lines).map((time, index) => {
      if (time === readAt) return undefined;
      const hasZone = compareTimestamps(time, others[index]!) === 0;
      return hasZone ? formatTimestamp(time) : formatTimestamp(time).replace('Z', '');
    });
  };
}

/** The record of an event in the form in which lines of files are shipped. A record in JSON that names its file stays as it is. */
function toRecord(
  text: string,
  origin: { readonly timestamp: string | undefined; readonly file_path: string | undefined },
): string {
  return namesFile(text) ? text : JSON.stringify({ ...origin, log: text });
}

function namesFile(text: string): boolean {
  if (!text.startsWith('{') || !text.includes('"file_path"') || text.includes('\n')) return false;
  if (readContainerLine(text)) return false;
  try {
    return Object.hasOwn(JSON.parse(text) as object, 'file_path');
  } catch {
    return false;
  }
}

/** Repeats a request that the server cannot process now. @throws Error when it never can, or not for half a minute */
async function send(options: IngestOptions, body: string, key: string): Promise<Receipt> {
  for (let attempt = 1; ; attempt++) {
    try {
      const headers = {
        'content-type': 'application/x-ndjson',
        'x-machine-id': options.machine,
        'idempotency-key': key,
      };
      const response = await request(options, '/logs/ingest', {
        method: 'POST',
        query: { joined: 'true' },
        body,
        headers,
      });
      return (await response.json()) as Receipt;
    } catch (error) {
      const passing = !(error instanceof RefusedError) || error.status >= 500 || error.status === 429;
      if (!passing || attempt === ATTEMPTS) throw error;
      await setTimeout(((error instanceof RefusedError && error.retryAfter) || 1) * 1000);
    }
  }
}
