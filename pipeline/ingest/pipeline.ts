import type { LogRecord } from '../record/log-record.ts';
import { fromMilliseconds } from '../record/timestamp.ts';
import { type DeadLetterStore, withoutQuote } from '../store/dead-letter-store.ts';
import { LogBlock } from '../store/log-block.ts';
import { encodeRequest, idempotencyKey, type StoredRequest } from '../store/request-progress.ts';
import type { BatchQueue } from './batch-queue.ts';
import type { Counters } from './counters.ts';
import { identifyRequest } from './identify-request.ts';
import type { KnownRequests } from './known-requests.ts';
import { PacedTexts, type Text } from './paced-texts.ts';
import { RejectedEntries } from './rejected-entries.ts';
import { mayBeObject, parseEntry } from './sources/json-body.ts';
import { entryOfText, type SourceText } from './sources/record-limits.ts';
import type { Arrival, SourceEntry, UnreadableEntry } from './sources/source-entry.ts';
import type { FastPath } from './transforms/fast-path.ts';
import type { KeyBlock } from './transforms/key-block.ts';
import type { Normalize } from './transforms/normalize.ts';
import { type Before, streamOf } from './transforms/open-key-blocks.ts';
import type { Redactor } from './transforms/redactor.ts';

/** A longer request is stored slice by slice, so that its size does not decide how much memory it needs. */
const SLICE_ENTRIES = 20_000;
const SLICE_CHARACTERS = 16 * 1024 * 1024;
/** A longer text may yield to the event loop between decoding, redacting and normalizing. */
const LONG_CHARACTERS = 64 * 1024;

export interface IngestRequest {
  /** The sender's name for itself, where the protocol has one. */
  readonly agent: string | undefined;
  /** The sender's address, for requests where neither the request nor its first record names the sender. */
  readonly peer: string;
  /** Hash of the bytes as they were sent: the same bytes of the same agent are stored once. */
  readonly digest: string;
  /** Identifies the request instead of its bytes, where the sender gave it one. */
  readonly idempotencyKey?: string | undefined;
  readonly source: string;
  /** The machine for records that name none. */
  readonly machineId?: string | undefined;
  /** The texts that the source cut the request into; iterated more than once. */
  readonly entries: Iterable<SourceText>;
  /** Decodes one of the texts; left out where they are the JSON of records. */
  readonly decode?: ((text: string) => SourceEntry | UnreadableEntry) | undefined;
  /** Aborted when the sender no longer waits for the receipt: the records that are stored by then stay, and the rest is dropped. */
  readonly signal?: AbortSignal | undefined;
}

export interface Receipt {
  readonly accepted: number;
  readonly rejected: number;
  /** True where everything in the request had been stored before. */
  readonly duplicate: boolean;
}

/** Measures the records of one insert, also those that sampling drops. */
export interface Measuring {
  add(record: LogRecord): void;
  /** Called when the insert is durable. */
  commit(): void;
}

export interface PipelineOptions {
  readonly redact: Redactor;
  /** Returns the record, a copy with its sample rate, or undefined where it is dropped. */
  readonly sample: (record: LogRecord) => LogRecord | undefined;
  readonly measure: () => Measuring | undefined;
  readonly normalize: Normalize;
  /** Reads JSON texts of records that match a template; the result is what `normalize` would make of the redacted entry. */
  readonly fastPath: FastPath;
  readonly queue: BatchQueue;
  readonly deadLetters: DeadLetterStore;
  readonly requests: KnownRequests;
  readonly counters: Counters;
  /** True while somebody reads live: records are then kept in memory until they are published. */
  readonly hasLiveReaders: () => boolean;
}

/** Accepts requests: decode → redact → normalize → sample → store, and only then a receipt. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #running = new Map<string, Promise<unknown>>();

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
    const openKeys: Before = new Map();
    try {
      return await this.#readAndStore(first, texts, rejected, request, before, openKeys);
    } catch (error) {
      this.#options.redact.keyBlocks.restore(senderOf(request), openKeys);
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
  ): Promise<StoredRequest> {
    const { redact, sample, queue, deadLetters, counters, hasLiveReaders } = this.#options;
    const arrival: Arrival = {
      time: fromMilliseconds(Date.now()),
      source: request.source,
      machineId: request.machineId === undefined ? undefined : redact.text(request.machineId),
    };
    const rows = LogBlock.take();
    const records: LogRecord[] | undefined = hasLiveReaders() ? [] : undefined;
    const measuring = this.#options.measure();
    let accepted = 0;
    let refused = 0;
    let characters = 0;
    let isFull = false;
    for (let text: Text | undefined = first; text !== undefined; ) {
      const read =
        typeof text !== 'string' || text.length > LONG_CHARACTERS
          ? await this.#readLong(text, request, arrival, openKeys, texts)
          : this.#read(text, request, arrival, openKeys, rejected.isFull);
      if ('reason' in read) {
        refused++;
        const { reason, content = contentOf(text) } = read;
        const part = typeof text === 'string' ? undefined : text.piece?.part;
        rejected.add(before.entries + accepted + refused, { reason, content, part });
      } else {
        accepted++;
        characters += contentOf(text).length;
        measuring?.add(read);
        const record = sample(read);
        if (record) {
          rows.add(record);
          records?.push(record);
        }
      }
      isFull = accepted === SLICE_ENTRIES || characters >= SLICE_CHARACTERS;
      text = isFull ? undefined : (texts.nextNow() ?? (await texts.next()));
    }
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
    if (rows.count > 0) await queue.add({ rows, records, request: encodeRequest(after) });
    rows.release();
    measuring?.commit();
    return after;
  }

  #read(
    text: string,
    request: IngestRequest,
    arrival: Arrival,
    openKeys: Before,
    isReasonNeedless: boolean,
  ): LogRecord | UnreadableEntry {
    const { redact, normalize, fastPath } = this.#options;
    const { decode } = request;
    const isNoRecord = isReasonNeedless && !decode && !mayBeObject(text);
    const isPlain = !decode && !isNoRecord && !redact.keyBlocks.isOpen(senderOf(request));
    const record = isPlain ? fastPath.read(text, arrival) : undefined;
    if (record) return record;
    const entry = this.#redact(
      isNoRecord ? NO_RECORD : (decode ?? parseEntry)(text),
      text,
      request,
      openKeys,
    );
    return 'reason' in entry ? entry : normalize(entry, arrival);
  }

  /** Reads a text like `#read`, and yields to the event loop between the steps. */
  async #readLong(
    text: Text,
    request: IngestRequest,
    arrival: Arrival,
    openKeys: Before,
    texts: PacedTexts,
  ): Promise<LogRecord | UnreadableEntry> {
    const { decode = parseEntry } = request;
    await texts.yieldWhenDue();
    const entry = typeof text === 'string' ? decode(text) : entryOfText(text);
    await texts.yieldWhenDue();
    const redacted = this.#redact(entry, contentOf(text), request, openKeys);
    if ('reason' in redacted) return redacted;
    await texts.yieldWhenDue();
    return this.#options.normalize(redacted, arrival);
  }

  /** Replaces the secrets, also the lines of a private key that come one by one. @param text what the entry was read from */
  #redact(
    entry: SourceEntry | UnreadableEntry,
    text: string,
    request: IngestRequest,
    openKeys: Before,
  ): SourceEntry | UnreadableEntry {
    const { redact, counters } = this.#options;
    const { keyBlocks } = redact;
    const sender = senderOf(request);
    const isUnread = 'reason' in entry;
    // Content in a source's own form is redacted by the store of dead letters.
    if (isUnread && entry.content !== undefined) return entry;
    if (!isUnread && entry.exceeded) counters.recordsTooLarge[entry.exceeded]++;
    if (!keyBlocks.isOpen(sender) && redact.isClean(isUnread ? text : entry.text)) return entry;
    const inStream = <T>(read: (block: KeyBlock) => T) =>
      keyBlocks.use(sender, streamOf(isUnread ? NO_FIELDS : entry.fields), openKeys, read);
    if (!isUnread) return inStream((block) => redact.entry(entry, block));
    const content = inStream((block) => redact.text(text, block));
    return { content, reason: content === text ? entry.reason : withoutQuote(entry.reason) };
  }
}

const NO_FIELDS = {};
const NO_RECORD: UnreadableEntry = { reason: 'not a JSON object' };

/** The sender whose streams the records belong to. The first record does not decide: a relay sends records of many machines. */
function senderOf({ agent, peer }: IngestRequest): string {
  return agent ?? peer;
}

const contentOf = (text: Text) => (typeof text === 'string' ? text : text.text);
