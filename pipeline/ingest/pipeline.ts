import { fromMilliseconds } from '../record/timestamp.ts';
import type { DeadLetterStore } from '../store/dead-letter-store.ts';
import { encodeRequest, idempotencyKey, type StoredRequest } from '../store/request-progress.ts';
import type { ClockSkews } from './clock-skews.ts';
import type { Counters } from './counters.ts';
import { identifyRequest } from './identify-request.ts';
import type { Line } from './joining/line-streams.ts';
import type { OpenEvents } from './joining/open-events.ts';
import { LineReader } from './joining/shipped-line.ts';
import { idOf, type SliceJoiner } from './joining/slice-joiner.ts';
import type { KnownRequests } from './known-requests.ts';
import { PacedTexts, type Text } from './paced-texts.ts';
import { contentOf, type Reading, RecordReader } from './record-reader.ts';
import { RejectedEntries } from './rejected-entries.ts';
import { SliceRows, type SliceRowsOptions } from './slice-rows.ts';
import type { SourceText } from './sources/record-limits.ts';
import type { SourceEntry, UnreadableEntry } from './sources/source-entry.ts';
import type { Normalize } from './transforms/normalize.ts';
import type { Before } from './transforms/open-key-blocks.ts';
import type { Redactor } from './transforms/redactor.ts';

/** A longer request is stored slice by slice, so that its size does not decide how much memory it needs. */
const SLICE_ENTRIES = 20_000;
const SLICE_CHARACTERS = 16 * 1024 * 1024;
/** One in so many records is compared with the server's clock. */
const SKEW_SAMPLE = 128;

export interface IngestRequest {
  /** The sender's name for itself, where the protocol has one. */
  readonly agent: string | undefined;
  /** The sender's address, for requests where neither the request nor its first record names the sender. */
  readonly peer: string;
  /** Hash of the bytes: the same bytes of the same agent are stored once. */
  readonly digest: string;
  /** Identifies the request together with its bytes, where the sender gave it one. */
  readonly idempotencyKey?: string | undefined;
  readonly source: string;
  /** The machine for records that name none. */
  readonly machineId?: string | undefined;
  /** The texts that the source cut the request into; iterated more than once. */
  readonly entries: Iterable<SourceText>;
  /** Decodes one of the texts; left out where they are the JSON of records. */
  readonly decode?: ((text: string) => SourceEntry | UnreadableEntry) | undefined;
  /** True where each `log` is a whole event, which its sender has joined of its lines. */
  readonly isJoined?: boolean | undefined;
  /** Aborted when the sender no longer waits for the receipt: the records that are stored by then stay, and the rest is dropped. */
  readonly signal?: AbortSignal | undefined;
}

export interface Receipt {
  readonly accepted: number;
  readonly rejected: number;
  /** True where everything in the request had been stored before. */
  readonly duplicate: boolean;
}

export interface PipelineOptions extends SliceRowsOptions {
  readonly redact: Redactor;
  readonly normalize: Normalize;
  readonly reader: RecordReader;
  /** The events that lines of later requests may continue. */
  readonly openEvents: OpenEvents;
  readonly deadLetters: DeadLetterStore;
  readonly requests: KnownRequests;
  readonly counters: Counters;
  readonly clockSkews: ClockSkews;
  /** True while somebody reads live: records are then kept in memory until they are published. */
  readonly hasLiveReaders: () => boolean;
}

/** Accepts requests: decode → redact → normalize → join lines → sample → store, and only then a receipt. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #lines = new LineReader();

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every record of the request is durable and can be queried.
   * @throws LogplaneError `unavailable` when the store cannot take the records now; the request can be sent again
   */
  async accept(request: IngestRequest): Promise<Receipt> {
    const { redact, normalize } = this.#options;
    const { agent, digest, readTime } = await identifyRequest(request, normalize);
    const known = { agent: redact.text(agent), digest };
    const key = idempotencyKey(known.agent, digest);
    // The sender may have given up waiting and repeat the request: the repetition goes on where the earlier attempt ends.
    const before = this.#running.get(key) ?? Promise.resolve();
    const work = before.then(() => this.#acceptOnce(request, known, readTime));
    const ended = work.then(
      () => {},
      () => {},
    );
    this.#running.set(key, ended);
    try {
      return await work;
    } finally {
      if (this.#running.get(key) === ended) this.#running.delete(key);
    }
  }

  async #acceptOnce(
    request: IngestRequest,
    { agent, digest }: { readonly agent: string; readonly digest: string },
    readTime: () => number | undefined,
  ): Promise<Receipt> {
    const { requests, counters } = this.#options;
    const found = await requests.claim(agent, digest, readTime);
    let progress: StoredRequest = {
      ...(found ?? { entries: 0, accepted: 0, rejected: 0, complete: false }),
      agent,
      digest,
    };
    const known = progress.entries;
    let failed = true;
    try {
      // Remembered, so that the store is asked only once.
      if (known > 0) requests.record(progress);
      if (!progress.complete) {
        const texts = new PacedTexts(request.entries, request.signal);
        for (let skipped = 0; skipped < known; skipped++) await texts.next();
        const rejected = new RejectedEntries(
          { digest: request.digest, receivedAt: Date.now() * 1000, agent, source: request.source },
          progress.rejected,
        );
        for (let text = await texts.next(); text !== undefined; text = await texts.next()) {
          progress = await this.#storeSlice(text, texts, rejected, request, progress);
          requests.record(progress);
        }
        if (progress.entries > 0 && !progress.complete) requests.record({ ...progress, complete: true });
      }
      failed = false;
    } finally {
      await requests.release(agent, digest, failed);
    }
    const duplicate = known > 0 && known === progress.entries;
    if (duplicate) counters.requestsDuplicate++;
    else counters.requestsAccepted++;
    return { accepted: progress.accepted, rejected: progress.rejected, duplicate };
  }

  /** Stores `first` and the texts behind it, as many as a slice has. */
  async #storeSlice(
    first: Text,
    texts: PacedTexts,
    rejected: RejectedEntries,
    request: IngestRequest,
    before: StoredRequest,
  ): Promise<StoredRequest> {
    const { redact, openEvents } = this.#options;
    const openKeys: Before = new Map();
    const joiner = openEvents.joinSlice();
    try {
      return await this.#readAndStore(first, texts, rejected, request, before, openKeys, joiner);
    } catch (error) {
      openEvents.undo(joiner);
      redact.keyBlocks.restore(senderOf(request), openKeys);
      throw error;
    }
  }

  async #readAndStore(
    first: Text,
    texts: PacedTexts,
    rejected: RejectedEntries,
    request: IngestRequest,
    before: StoredRequest,
    openKeys: Before,
    joiner: SliceJoiner,
  ): Promise<StoredRequest> {
    const { redact, reader, openEvents, deadLetters, counters, clockSkews, hasLiveReaders } = this.#options;
    const reading: Reading = {
      sender: senderOf(request),
      decode: request.decode,
      openKeys,
      arrival: {
        time: fromMilliseconds(Date.now()),
        source: request.source,
        machineId: request.machineId === undefined ? undefined : redact.text(request.machineId),
      },
    };
    const slice = new SliceRows(this.#options, hasLiveReaders());
    const key = idempotencyKey(before.agent, before.digest);
    const acceptedLines = openEvents.acceptedOf(key);
    const refusedLines = openEvents.refusedOf(key);
    let accepted = 0;
    let refused = 0;
    let characters = 0;
    let isFull = false;
    for (let text: Text | undefined = first; text !== undefined; ) {
      const read = RecordReader.isLong(text)
        ? await reader.readLong(text, reading, texts)
        : reader.read(text as string, reading, rejected.isFull);
      const index = before.entries + accepted + refused;
      if ('reason' in read) {
        refused++;
        const { reason, content = contentOf(text) } = read;
        const part = typeof text === 'string' ? undefined : text.piece?.part;
        rejected.add(index + 1, { reason, content, part });
      } else {
        if (accepted % SKEW_SAMPLE === 0 && !request.isJoined)
          clockSkews.add(read.record, reading.arrival.time);
        accepted++;
        characters += contentOf(text).length;
        const shipped = request.isJoined ? undefined : this.#lines.read(read, reading.sender);
        if (!shipped) slice.add(read.record);
        else if (!acceptedLines?.has(index)) {
          // Written out: with spread objects a line takes 6 µs more.
          const line: Line = {
            text: shipped.text,
            container: shipped.container,
            isPart: shipped.isPart,
            stream: shipped.stream,
            fileStream: shipped.stream,
            isNamed: shipped.isNamed,
            position: shipped.position,
            generation: undefined,
            entry: read.entry,
            record: read.record,
            request: key,
            index,
            arrival: reading.arrival,
            joiner,
            isDurable: refusedLines?.has(index) === true,
          };
          for (const event of joiner.push(line)) slice.add(openEvents.recordOf(event));
        }
      }
      isFull = accepted === SLICE_ENTRIES || characters >= SLICE_CHARACTERS;
      text = isFull ? undefined : (texts.nextNow() ?? (await texts.next()));
    }
    for (const event of joiner.end(!isFull)) slice.add(openEvents.recordOf(event));
    const after: StoredRequest = {
      ...before,
      entries: before.entries + accepted + refused,
      accepted: before.accepted + accepted,
      rejected: before.rejected + refused,
      complete: !isFull,
    };
    const letters = rejected.take();
    if (letters.length > 0) await deadLetters.add(letters);
    counters.recordsRejected += refused;
    await openEvents.keep(joiner, slice.count > 0);
    await slice.store(encodeRequest({ ...after, joined: joiner.joined.map(idOf), spans: joiner.spans }));
    openEvents.stored(joiner);
    return after;
  }
}

/** The sender whose streams the records belong to. The first record does not decide: a relay sends records of many machines. */
function senderOf({ agent, peer }: IngestRequest): string {
  return agent ?? peer;
}
