import { setTimeout } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { StoredRecord } from '../../record/log-record.ts';
import { PeriodicLoop } from '../../runtime/periodic-loop.ts';
import { type BusMessage, decodeMessage, encodeMessage } from './bus-message.ts';
import type { LiveBus } from './live-bus.ts';
import type { ProcessShare } from './process-share.ts';
import type { Sequencer } from './sequencer.ts';
import { SharedWatermark } from './shared-watermark.ts';

export interface RedisLiveBusOptions {
  readonly redis: Redis;
  /** Unique to this run of this process. */
  readonly process: string;
  readonly share: ProcessShare;
  readonly sequencer: Sequencer;
  /** The bus of this process's own live readers. */
  readonly bus: LiveBus;
  /** Every sequence number below this one is published or refused; undefined where all that were given out are. */
  readonly unpublishedFrom: () => number | undefined;
  readonly onProblem: (message: string) => void;
}

export interface RedisBusCounters {
  messagesSent: number;
  messagesFailed: number;
  /** Records that arrived behind the watermark; readers got a `gap` event for them. */
  recordsLate: number;
}

const STREAM = 'logplane:live';
/** Entries that the Redis stream keeps; a process that is further behind reads the store. */
const STREAM_LENGTH = 1_000;
/** Records of one message, so that Redis holds some 100 MB at most. */
const MESSAGE_RECORDS = 500;
const MESSAGE_CHARACTERS = 64 * 1024;
/** Records that wait while a message is under way. If more come in, the other processes read them from the store. */
const MAX_RECORDS = 5_000;
const MAX_CHARACTERS = 1024 * 1024;
const BEAT_MILLISECONDS = 500;
const SILENT_MILLISECONDS = 5_000;
const BLOCK_MILLISECONDS = 1_000;
const GREETING_MILLISECONDS = 200;
const READ_ENTRIES = 200;
const LOST = 'Redis connection lost';

/**
 * The live bus of several server processes, over one Redis stream. What a process stored goes out to all, itself
 * included, and reaches the readers in the order of sequence numbers (`SharedWatermark`), so that a reader can go on at any process.
 * While Redis is away, records are still stored and readers wait; afterwards these get them from the store.
 */
export class RedisLiveBus {
  readonly counters: RedisBusCounters = { messagesSent: 0, messagesFailed: 0, recordsLate: 0 };
  readonly #options: RedisLiveBusOptions;
  readonly #reading: Redis;
  readonly #watermark: SharedWatermark;
  readonly #stopping = new AbortController();
  #cursor = '0-0';
  /** Records that are stored and not sent yet; undefined where they are too many. */
  #records: StoredRecord[] | undefined = [];
  #characters = 0;
  #stored = 0;
  #number = 0;
  #sentUpTo = 0;
  #dirty = false;
  #joined = false;
  #sending: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #beats = 0;
  readonly #beating: PeriodicLoop;
  #arrived: (() => void)[] = [];

  constructor(options: RedisLiveBusOptions) {
    this.#options = options;
    this.#reading = options.redis.duplicate({ commandTimeout: BLOCK_MILLISECONDS * 5 });
    this.#reading.on('error', () => {});
    this.#beating = new PeriodicLoop({
      run: () => this.#beat(),
      waitMs: BEAT_MILLISECONDS,
      waitsFirst: true,
      onError: (error) => options.onProblem(`the live bus: ${(error as Error).message}`),
    });
    this.#watermark = new SharedWatermark(SILENT_MILLISECONDS);
  }

  /** True where somebody reads live, at whichever process. */
  get hasReaders(): boolean {
    return this.#options.bus.listenerCount > 0 || this.#watermark.hasReaders;
  }

  get processes(): number {
    return this.#watermark.size;
  }

  /**
   * Joins the processes that are there. They hold their watermark until this process has reported where it begins, which is behind
   * all of their sequence numbers.
   */
  async join(): Promise<void> {
    const { redis, share, process, sequencer } = this.#options;
    await this.#reading.connect();
    const [newest] = await redis.xrevrange(STREAM, '+', '-', 'COUNT', 1);
    this.#cursor = newest?.[0] ?? '0-0';
    const others = (await share.holders()).filter((holder) => holder !== process);
    await this.#send('hello', undefined, 0);
    this.#running = this.#read();
    this.#beating.start();
    // Redis may have lost its list of processes; each process that is there answers the greeting.
    await setTimeout(GREETING_MILLISECONDS);
    await this.#until(() => [process, ...others].every((id) => this.#watermark.isMember(id)));
    sequencer.advance(this.#watermark.furthest);
    this.#joined = true;
    await this.#send('progress', [], 0);
    await this.#until(() => this.#watermark.watermark > 0 || sequencer.last === 0);
  }

  /** Waits until messages have made the condition true, for as long as a process may be silent. */
  async #until(holds: () => boolean): Promise<void> {
    const until = performance.now() + SILENT_MILLISECONDS;
    while (!holds() && performance.now() < until) {
      await Promise.race([
        new Promise<void>((resolve) => this.#arrived.push(resolve)),
        setTimeout(until - performance.now(), undefined, { ref: false }),
      ]);
    }
  }

  /** Takes what this process stored, in the order of sequence numbers. */
  publish(records: readonly StoredRecord[] | undefined): void {
    this.#stored += records?.length ?? 1;
    if (records && this.#records && this.hasReaders && this.#records.length + records.length <= MAX_RECORDS) {
      for (const record of records) this.#characters += record.message.length + record.attributes.length;
      this.#records.push(...records);
      if (this.#characters > MAX_CHARACTERS) this.#records = undefined;
    } else {
      this.#records = undefined;
    }
    this.#flush();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const beating = this.#beating.stop();
    await this.#sending;
    await this.#send('bye', this.#records, this.#stored).catch(() => {});
    await this.#options.share.release().catch(() => {});
    this.#reading.disconnect();
    await Promise.all([this.#running, beating]);
  }

  get #committed(): number {
    const { unpublishedFrom, sequencer } = this.#options;
    const first = unpublishedFrom();
    return first === undefined ? sequencer.last : first - 1;
  }

  /** Sends what there is; records that come meanwhile go out together afterwards. */
  #flush(): void {
    this.#dirty = true;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#dirty) {
      // One microtask later, so that inserts that end together go out together.
      await Promise.resolve();
      this.#dirty = false;
      const records = this.#records;
      const stored = this.#stored;
      // As of now: what is stored while the parts are under way is reported with the next message.
      const committed = this.#committed;
      this.#records = [];
      this.#characters = 0;
      this.#stored = 0;
      try {
        const parts = records ? messageParts(records) : [];
        for (const part of parts.slice(0, -1))
          await this.#send('progress', part, part.length, this.#sentUpTo);
        const last = records && (parts.at(-1) ?? []);
        await this.#send('progress', last, last?.length ?? stored, committed);
      } catch {
        this.counters.messagesFailed++;
        this.#stored += stored;
        this.#records = undefined;
        return;
      }
    }
  }

  async #send(
    kind: BusMessage['kind'],
    records: readonly StoredRecord[] | undefined,
    stored: number,
    committed = this.#committed,
  ): Promise<void> {
    const { redis, process, bus } = this.#options;
    const message: BusMessage = {
      process,
      number: ++this.#number,
      kind,
      committed,
      readers: bus.listenerCount > 0,
      stored,
      records,
    };
    await redis.xadd(STREAM, 'MAXLEN', '~', STREAM_LENGTH, '*', 'm', encodeMessage(message));
    this.#sentUpTo = committed;
    this.counters.messagesSent++;
  }

  async #read(): Promise<void> {
    const { bus, share } = this.#options;
    const { signal } = this.#stopping;
    let lost = false;
    while (!signal.aborted) {
      try {
        const [[, entries] = []] =
          (await this.#reading.xread(
            'COUNT',
            READ_ENTRIES,
            'BLOCK',
            BLOCK_MILLISECONDS,
            'STREAMS',
            STREAM,
            this.#cursor,
          )) ?? [];
        if (lost) {
          this.#watermark.hearAgain(performance.now());
          await share.renew();
        }
        lost = false;
        bus.setProblem(undefined);
        this.#receive(entries ?? []);
      } catch {
        if (signal.aborted) return;
        lost = true;
        bus.setProblem(LOST);
        await setTimeout(100, undefined, { signal }).catch(() => {});
      }
    }
  }

  #receive(entries: readonly (readonly [id: string, fields: readonly string[]])[]): void {
    const { process, bus, sequencer, onProblem } = this.#options;
    const now = performance.now();
    for (const [id, [, text = '']] of entries) {
      this.#cursor = id;
      const message = decodeMessage(text);
      const late = this.#watermark.receive(message, now);
      if (message.kind === 'hello' && message.process !== process && this.#joined) this.#flush();
      if (late) {
        this.counters.recordsLate += late.count;
        bus.publishLate(late);
      }
    }
    const silent = entries.length < READ_ENTRIES ? this.#watermark.dropSilent(now) : [];
    for (const dropped of silent) {
      onProblem(`the server process ${dropped} has been silent for ${SILENT_MILLISECONDS / 1000} s`);
    }
    const released = this.#joined ? this.#watermark.release() : undefined;
    if (released) bus.publish(released.watermark, released.records);
    for (const resolve of this.#arrived.splice(0)) resolve();
    if (!this.#joined) return;
    // The others wait until this process reports that it stores nothing before what they stored.
    sequencer.advance(this.#watermark.furthest);
    if (this.#committed > this.#sentUpTo) this.#flush();
  }

  async #beat(): Promise<void> {
    const { share, onProblem } = this.#options;
    if (this.#joined) this.#flush();
    if (++this.#beats % 10 !== 0) return;
    const kept = await share.renew().catch(() => true);
    if (!kept) onProblem('another server process gives out the same sequence numbers; restart this process');
  }
}

/** The records in the parts in which they are sent. */
function messageParts(records: readonly StoredRecord[]): StoredRecord[][] {
  const parts: StoredRecord[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = record.message.length + record.attributes.length;
    if (characters + size > MESSAGE_CHARACTERS || parts.at(-1)!.length === MESSAGE_RECORDS) {
      parts.push([]);
      characters = 0;
    }
    parts.at(-1)!.push(record);
    characters += size;
  }
  return parts;
}
