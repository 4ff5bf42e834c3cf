import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Command } from 'commander';
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

export function addIngest(program: Command): void {
  withServer(program.command('ingest'))
    .description('send files (also .gz) or standard input: lines of JSON or text')
    .argument('<file...>', 'files; - is standard input')
    .option('--machine <id>', 'machine id of lines of text', process.env.MACHINE_ID ?? hostname())
    .action(ingest);
}

async function ingest(files: readonly string[], options: IngestOptions): Promise<void> {
  const progress = createProgress();
  let accepted = 0;
  let rejected = 0;
  for (const file of files) {
    const size = file === '-' ? undefined : (await stat(file)).size;
    for await (const { lines, salt, bytes } of readBatches(file, options.machine)) {
      const receipt = await send(options, `${salt}\n${lines.join('\n')}\n`);
      accepted += receipt.accepted;
      rejected += receipt.rejected;
      progress.show(`${size ? progressBar(bytes / size) : ''} ${accepted} records  ${file}`);
    }
  }
  progress.clear();
  report(`${accepted} records accepted, ${rejected} rejected`);
  if (rejected > 0) process.exitCode = FAILURE;
}

interface Batch {
  readonly lines: readonly string[];
  readonly salt: string;
  /** Read from the file so far. */
  readonly bytes: number;
}

/**
 * Whole lines, chunk by chunk as they are read, so that lines from a pipe are sent at once. The salt makes each batch different: a file
 * that is sent again has the same salts and is stored once, while equal lines in another part of a file are stored too.
 */
async function* readBatches(file: string, machine: string): AsyncGenerator<Batch> {
  const path = file === '-' ? undefined : resolve(file);
  const input = path === undefined ? process.stdin : createReadStream(path, { highWaterMark: CHUNK });
  const text = file.endsWith('.gz') ? input.pipe(createGunzip({ chunkSize: CHUNK })) : input;
  const decoder = new TextDecoder();
  const run = randomBytes(16).toString('hex');
  let rest = '';
  let count = 0;
  const batch = (lines: readonly string[]): Batch => ({
    lines: lines
      .filter((line) => line.trim() !== '')
      .map((line) => toRecord(line, { machine_id: machine, file_path: path })),
    salt: blankSalt(`${path ?? run} ${count++}`),
    bytes: input.bytesRead,
  });
  for await (const chunk of text as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) yield batch(lines);
  }
  if (rest !== '') yield batch([rest]);
}

/** A blank line, which the server ignores, different for each seed. */
function blankSalt(seed: string): string {
  const hash = createHash('sha256').update(seed).digest();
  return Array.from(hash, (byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .replaceAll('0', ' ')
    .replaceAll('1', '\t');
}

/** A line of JSON as it is, any other as the text of a record. */
function toRecord(line: string, origin: Readonly<Record<string, string | undefined>>): string {
  if (line.trimStart().startsWith('{')) {
    try {
      JSON.parse(line);
      return line;
    } catch {
      // A line of text that opens like JSON.
    }
  }
  return JSON.stringify({ log: line.replace(/\r$/, ''), ...origin });
}

/** Repeats a request that the server cannot process now. @throws Error when it never can, or not for half a minute */
async function send(options: IngestOptions, body: string): Promise<Receipt> {
  for (let attempt = 1; ; attempt++) {
    try {
      const headers = { 'content-type': 'application/x-ndjson', 'x-machine-id': options.machine };
      const response = await request(options, '/logs/ingest', { method: 'POST', body, headers });
      return (await response.json()) as Receipt;
    } catch (error) {
      const passing = !(error instanceof RefusedError) || error.status >= 500 || error.status === 429;
      if (!passing || attempt === ATTEMPTS) throw error;
      await setTimeout(((error instanceof RefusedError && error.retryAfter) || 1) * 1000);
    }
  }
}
