import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { fromMilliseconds } from '../../../record/timestamp.ts';
import { Backoff } from '../../../runtime/backoff.ts';
import type { CollectedBatch } from './collected-batch.ts';
import type { FilePosition } from './file-position.ts';
import { FINGERPRINT_BYTES, fingerprintTail, matchFingerprint, matchTail } from './fingerprint.ts';
import { countLeadingNuls, findBatchEnds, MAX_BATCH_BYTES, readBatch } from './split-events.ts';

/** Silence after which an unfinished event counts as finished. */
const EVENT_QUIET_MS = 1000;
/** How long an unfinished event may delay the lines after it while its file grows. */
const EVENT_HOLD_MS = 5000;
/** Silence after which a last line without a newline counts as finished, where the file has lost its name. */
const GONE_QUIET_MS = 5000;
/** The same silence for a file with its name; also how long a file without a name stays open for its writer. */
const STOPPED_QUIET_MS = 60_000;
/** How long a file that may be an unfinished copy is not read: since its last change, and at most. */
const COPY_QUIET_MS = 5000;
const COPY_HOLD_MS = 60_000;
const RETRIES = { firstMs: 500, maxMs: 30_000 };

/** The result of a read: nothing yet, bytes without an event, a batch, or another content. */
export type ReadResult =
  | { readonly kind: 'idle' | 'skipped' | 'replaced' }
  | { readonly kind: 'batch'; readonly batch: CollectedBatch; readonly bytes: number; readonly cut: boolean };

/** An open file and how far it has been delivered. Times are milliseconds since 1970 and come from the caller. */
export class TailedFile {
  position: FilePosition;
  /** True where no collected path leads to the file any more: it was deleted, or renamed by a rotation. */
  gone = false;
  /** True where the file has no name left at all. */
  deleted = false;
  /** The largest size that this content is known to have had, in bytes. A size that was seen may be another content's until it is read. */
  largestSize = 0;
  lastRead: number;
  private readonly handle: FileHandle;
  private readonly foundAt: number;
  private size = -1;
  /** What stood in the file when it was opened, or when its content was replaced, in bytes. */
  private historyEnd: number;
  private modifiedNs = 0n;
  private observedAt = 0;
  private changedAt = 0;
  private heldSince: number | undefined;
  /** The file is not read before this time; a change of the file sets it to now. */
  private wakeAt = 0;
  /** A refused batch is not repeated before this time. */
  private retryAt = 0;
  private readonly backoff = new Backoff(RETRIES);

  constructor(handle: FileHandle, position: FilePosition, stats: BigIntStats, now: number) {
    this.handle = handle;
    this.position = position;
    this.lastRead = now;
    this.foundAt = now;
    this.observe(stats, now);
    this.historyEnd = this.size;
  }

  /** True where nothing was read yet and the file appeared or grew a moment ago, as a copy does while it is made. */
  isFresh(now: number): boolean {
    const untouched = this.position.offset === 0 && !this.inDoubt;
    return untouched && now - this.changedAt < COPY_QUIET_MS && now - this.foundAt < COPY_HOLD_MS;
  }

  /** True where this file begins as the other one did when that was read, and is no longer than it, unless that was truncated since. */
  async repeats({ handle, position }: TailedFile): Promise<boolean> {
    if (position.head.length === 0 || !(await matchFingerprint(this.handle, position.head))) return false;
    if (!(await matchFingerprint(handle, position.head))) return true;
    const end = await this.readBytes(Math.max(0, this.size - FINGERPRINT_BYTES), this.size);
    return matchTail(handle, this.size, fingerprintTail(end));
  }

  /** Takes in the result of a stat. */
  observe({ size, mtimeNs, nlink }: BigIntStats, now: number): void {
    // The clock was set back: waits for a later time would last longer by the difference.
    if (now < this.observedAt) this.waitAnew(now);
    this.observedAt = now;
    this.deleted = nlink === 0n;
    if (Number(size) === this.size && mtimeNs === this.modifiedNs) return;
    // A file that has become shorter was truncated, so its size before was that of the earlier content.
    if (Number(size) < this.size) this.largestSize = Math.max(this.largestSize, this.size);
    this.size = Number(size);
    this.modifiedNs = mtimeNs;
    this.changedAt = now;
    this.wakeAt = now;
  }

  private waitAnew(now: number): void {
    this.changedAt = now;
    this.heldSince = undefined;
    this.wakeAt = now;
    this.retryAt = now;
  }

  /** Goes on with a file that no path leads to any more, through the open handle. */
  async watchWithoutName(now: number): Promise<void> {
    if (!this.gone) this.wakeAt = now;
    this.gone = true;
    this.observe(await this.handle.stat({ bigint: true }), now);
  }

  get inDoubt(): boolean {
    return this.position.pending !== undefined;
  }

  isDue(now: number): boolean {
    return now >= (this.inDoubt ? this.retryAt : this.wakeAt);
  }

  /** True where a file without a name is read to its end and has not been written to for a while. */
  isFinished(now: number): boolean {
    const { offset, pending } = this.position;
    return this.gone && !pending && offset >= this.size && now - this.changedAt >= STOPPED_QUIET_MS;
  }

  /**
   * Reads the next batch and sets its end in the position, which has to be saved before the batch is
   * delivered. Where a batch is in doubt, reads that batch again.
   */
  async read(now: number): Promise<ReadResult> {
    this.lastRead = now;
    const { position } = this;
    const end = position.pending?.end ?? Math.min(this.size, position.offset + MAX_BATCH_BYTES);
    const bytes = await this.readBytes(position.offset, end);
    // Checked after the read, so that bytes of a new content are never taken for those of the old one.
    const head = await matchFingerprint(this.handle, position.head);
    if (!head || end < position.offset || bytes.length < end - position.offset) return { kind: 'replaced' };
    if (position.tail && !(await matchTail(this.handle, position.offset, position.tail)))
      return { kind: 'replaced' };
    this.largestSize = Math.max(this.largestSize, this.size);
    position.head = head;
    position.modified = Number(this.modifiedNs / 1_000_000n);
    if (position.pending) return this.toBatch(bytes, position.pending.readAt);

    const nuls = countLeadingNuls(bytes);
    // NULs up to the end may be data on its way: a network file system can show the size first.
    if (nuls > 0 && (nuls < bytes.length || nuls === MAX_BATCH_BYTES))
      return this.skipTo(position.offset + nuls);
    const length = this.chooseLength(bytes, end === this.size, now);
    if (length === 0) return { kind: 'idle' };
    const taken = bytes.subarray(0, length);
    position.pending = { end: position.offset + length, readAt: now, tail: fingerprintTail(taken) };
    return this.toBatch(taken, now);
  }

  /** Moves on behind the batch in doubt, which is stored or had nothing to store. */
  advance(): void {
    const { end, tail } = this.position.pending!;
    this.skipTo(end);
    this.position.tail = tail;
    delete this.position.pending;
    this.backoff.reset();
  }

  /** Notes that the batch in doubt was refused: it is repeated after so many seconds, and later each time. */
  refuse(retryAfterSeconds: number, now: number): void {
    this.retryAt = now + Math.max(retryAfterSeconds * 1000, this.backoff.fail());
  }

  /** Begins anew, because the file has another content. */
  async restart(position: FilePosition, now: number): Promise<void> {
    this.observe(await this.handle.stat({ bigint: true }), now);
    this.position = position;
    this.largestSize = this.size;
    this.historyEnd = this.size;
    this.heldSince = undefined;
    this.changedAt = now;
    this.wakeAt = now;
    this.backoff.reset();
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private chooseLength(bytes: Buffer, toFileEnd: boolean, now: number): number {
    if (bytes.length === 0) {
      this.wakeAt = Number.POSITIVE_INFINITY;
      return 0;
    }
    const { finished, complete } = findBatchEnds(bytes);
    if (finished > 0) return finished;
    const quiet = now - this.changedAt;
    if (complete > 0) {
      this.heldSince ??= now;
      if (quiet >= EVENT_QUIET_MS || now - this.heldSince >= EVENT_HOLD_MS) return complete;
      this.wakeAt = Math.min(this.changedAt + EVENT_QUIET_MS, this.heldSince + EVENT_HOLD_MS);
      return 0;
    }
    const patience = this.gone ? GONE_QUIET_MS : STOPPED_QUIET_MS;
    if (toFileEnd && quiet >= patience) return bytes.length;
    this.wakeAt = this.changedAt + patience;
    return 0;
  }

  private toBatch(bytes: Buffer, readAt: number): ReadResult {
    const { incarnation, offset, path } = this.position;
    const { texts, cut } = readBatch(bytes);
    if (texts.length === 0) {
      this.advance();
      return { kind: 'skipped' };
    }
    const isHistory = offset < this.historyEnd;
    const modified = Number(this.modifiedNs / 1_000_000n);
    const time = fromMilliseconds(isHistory ? Math.min(readAt, modified) : readAt);
    const id = createHash('sha256').update(`${incarnation} ${offset} `).update(bytes).digest('hex');
    const lines = texts.map((text) => ({ text, readAt: time, isHistory }));
    const part = { content: incarnation, from: offset, to: offset + bytes.length };
    return { kind: 'batch', batch: { id, lines, filePath: path, part }, bytes: bytes.length, cut };
  }

  private skipTo(offset: number): ReadResult {
    this.position.offset = offset;
    delete this.position.tail;
    this.heldSince = undefined;
    this.wakeAt = 0;
    return { kind: 'skipped' };
  }

  /** Reads a range; returns fewer bytes where the file has become shorter. */
  private async readBytes(start: number, end: number): Promise<Buffer> {
    if (end < start) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(end - start);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.handle.read(buffer, filled, buffer.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }
}
