import type { LogRecord } from '../record/log-record.ts';
import { withoutQuote } from '../store/dead-letter-store.ts';
import type { Counters } from './counters.ts';
import type { PacedTexts, Text } from './paced-texts.ts';
import { mayBeObject, parseEntry } from './sources/json-body.ts';
import { type LinePosition, readPosition } from './sources/line-position.ts';
import { entryOfText } from './sources/record-limits.ts';
import type { Arrival, SourceEntry, UnreadableEntry } from './sources/source-entry.ts';
import type { FastPath } from './transforms/fast-path.ts';
import type { KeyBlock } from './transforms/key-block.ts';
import type { Normalize } from './transforms/normalize.ts';
import { type Before, streamOf } from './transforms/open-key-blocks.ts';
import type { Redactor } from './transforms/redactor.ts';

/** A longer text may yield to the event loop between decoding, redacting and normalizing. */
const LONG_CHARACTERS = 64 * 1024;
const NO_FIELDS = {};
const NO_RECORD: UnreadableEntry = { reason: 'not a JSON object' };

export interface RecordReaderOptions {
  readonly redact: Redactor;
  readonly normalize: Normalize;
  /** Reads JSON texts of records that match a template; the result is what `normalize` would make of the redacted entry. */
  readonly fastPath: FastPath;
  readonly counters: Counters;
}

/** The part of a request, or of a piece of it, that decides how its texts are read. */
export interface Reading {
  /** The sender whose streams the records belong to. */
  readonly sender: string;
  readonly decode?: ((text: string) => SourceEntry | UnreadableEntry) | undefined;
  readonly arrival: Arrival;
  /** The states of private keys that come line by line, before this piece of the request. */
  readonly openKeys: Before;
}

export interface ReadRecord {
  readonly record: LogRecord;
  /** The JSON text that the record was made of, without secrets. */
  readonly entry: string;
  /** The line of text in it, where nothing else in it says anything of the line; undefined where that is not known. */
  readonly line: string | undefined;
  /** Where its line stands in its file, if its shipper says so. */
  readonly position: LinePosition | undefined;
}

/** Reads the texts of requests: decode → redact → normalize. */
export class RecordReader {
  readonly #options: RecordReaderOptions;

  constructor(options: RecordReaderOptions) {
    this.#options = options;
  }

  /** @param isReasonNeedless true where nobody will read why a text is no record */
  read(text: string, reading: Reading, isReasonNeedless: boolean): ReadRecord | UnreadableEntry {
    const { redact, fastPath } = this.#options;
    const { decode, sender, arrival } = reading;
    const isNoRecord = isReasonNeedless && !decode && !mayBeObject(text);
    const isPlain = !decode && !isNoRecord && !redact.keyBlocks.isOpen(sender);
    const fast = isPlain ? fastPath.read(text, arrival) : undefined;
    const position = decode ? undefined : readPosition(text);
    if (fast) return { record: fast.record, entry: text, line: fast.line, position };
    return this.#normalize(
      this.#redact(isNoRecord ? NO_RECORD : (decode ?? parseEntry)(text), text, reading),
      arrival,
      position,
    );
  }

  static isLong(text: Text): boolean {
    return typeof text !== 'string' || text.length > LONG_CHARACTERS;
  }

  /** Reads a text like `read`, and yields to the event loop between the steps. */
  async readLong(text: Text, reading: Reading, texts: PacedTexts): Promise<ReadRecord | UnreadableEntry> {
    const { decode = parseEntry, arrival } = reading;
    await texts.yieldWhenDue();
    const entry = typeof text === 'string' ? decode(text) : entryOfText(text);
    await texts.yieldWhenDue();
    const redacted = this.#redact(entry, contentOf(text), reading);
    await texts.yieldWhenDue();
    return this.#normalize(redacted, arrival, 'reason' in entry ? undefined : readPosition(entry.text));
  }

  /** Reads the text of a record without secrets. */
  readRedacted(text: string, arrival: Arrival): LogRecord {
    const entry = parseEntry(text);
    if ('reason' in entry) throw new Error(`expected the text of a record: ${entry.reason}`);
    return this.#options.normalize(entry, arrival);
  }

  #normalize(
    entry: SourceEntry | UnreadableEntry,
    arrival: Arrival,
    position: LinePosition | undefined,
  ): ReadRecord | UnreadableEntry {
    if ('reason' in entry) return entry;
    const record = this.#options.normalize(entry, arrival);
    return { record, entry: entry.text, line: undefined, position };
  }

  /** Replaces the secrets, also the lines of a private key that come one by one. @param text what the entry was read from */
  #redact(
    entry: SourceEntry | UnreadableEntry,
    text: string,
    { sender, openKeys }: Reading,
  ): SourceEntry | UnreadableEntry {
    const { redact, counters } = this.#options;
    const { keyBlocks } = redact;
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

export const contentOf = (text: Text) => (typeof text === 'string' ? text : text.text);
