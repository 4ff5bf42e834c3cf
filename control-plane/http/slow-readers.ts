import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { overloaded } from '../../pipeline/runtime/errors.ts';
import { HeldMemory } from '../../pipeline/runtime/held-memory.ts';

export interface SlowReaderLimits {
  /** For so long a reader may take nothing of what waits for it. */
  readonly deadlineMs: number;
  /** For so long it may where another answer needs the memory. */
  readonly graceMs: number;
  /** What may wait for all readers together. */
  readonly maxBytes: number;
  readonly sweepMs: number;
}

const LIMITS = { deadlineMs: 30_000, graceMs: 5_000, sweepMs: 1_000 };
/** Of what may wait, live streams may have so much. */
const STREAM_SHARE = 1 / 2;
/** The system's buffers take answers of this size whatever the client does. */
const SMALL_BYTES = 64 * 1024;

/** How far a reader is. */
interface Progress {
  written: number;
  /** What the kernel has not taken. */
  waiting: number;
  /** Bytes of finished answers, which stand in memory until the last of them is taken. */
  answers: number;
  /** When it last took something. */
  since: number;
}

export type EndReason = 'deadline' | 'memory';

/**
 * The memory of everything that waits for readers, within one bound. It ends the connections of those that take nothing: a peer
 * that is gone would otherwise keep its answer, its stream and whatever waits for it until TCP gives up, a quarter of an hour
 * later. It looks at what the kernel takes of a connection's queue, so that it holds for every kind of answer, and what a peer
 * sends meanwhile does not count.
 */
export class SlowReaders {
  readonly #limits: SlowReaderLimits;
  readonly #sockets = new Map<Socket, Progress>();
  readonly #timer: NodeJS.Timeout;
  readonly #ended: Record<EndReason, number> = { deadline: 0, memory: 0 };
  readonly #streamOutput: HeldMemory;

  constructor(limits: Pick<SlowReaderLimits, 'maxBytes'> & Partial<SlowReaderLimits>) {
    this.#limits = { ...LIMITS, ...limits };
    this.#streamOutput = new HeldMemory(limits.maxBytes * STREAM_SHARE);
    this.#timer = setInterval(() => this.sweep(performance.now()), this.#limits.sweepMs).unref();
  }

  /** Connections that were ended, by reason. */
  get ended(): { readonly reason: EndReason; readonly value: number }[] {
    return Object.entries(this.#ended).map(([reason, value]) => ({ reason: reason as EndReason, value }));
  }

  get waitingBytes(): number {
    let bytes = 0;
    for (const [socket, { answers }] of this.#sockets) bytes += Math.max(answers, waitingOf(socket));
    return bytes;
  }

  watch(server: Server): void {
    server.on('request', ({ socket }) => {
      if (this.#sockets.has(socket)) return;
      this.#sockets.set(socket, { written: 0, waiting: 0, answers: 0, since: performance.now() });
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * Counts a finished answer until its client has taken it or has left. Where it does not fit beside what waits, readers that
   * have taken nothing for a few seconds are ended.
   * @throws LogplaneError `overloaded` where that does not help
   */
  holdAnswer(bytes: number, response: ServerResponse, now = performance.now()): void {
    const progress = response.socket ? this.#sockets.get(response.socket) : undefined;
    // One that is closed already does not say so again.
    if (bytes <= SMALL_BYTES || !progress || response.destroyed) return;
    const room = this.#limits.maxBytes - bytes;
    if (this.waitingBytes > room && this.#free(room, this.#limits.graceMs, now) > room) {
      throw overloaded(
        'answers that their clients have not taken yet fill the memory for answers; send it again',
      );
    }
    progress.answers += bytes;
    response.once('close', () => {
      progress.answers -= bytes;
    });
  }

  /**
   * Counts what a live stream has written and its reader has not taken. Where all of them have too much waiting, the
   * connection that has waited longest is ended.
   * @returns to be called when the reader has taken it, or has left
   */
  holdEvents(socket: Socket, bytes: number): () => void {
    return this.#streamOutput.hold(bytes, () => this.#end(socket, 'memory'));
  }

  sweep(now: number): void {
    this.#free(this.#limits.maxBytes, 0, now);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Ends readers that are over the deadline, and as many as it needs of those that have taken nothing for a while, until no more
   * than some bytes wait.
   * @returns what waits then
   */
  #free(maxBytes: number, graceMs: number, now: number): number {
    const waiting: { readonly socket: Socket; readonly bytes: number; readonly since: number }[] = [];
    let total = 0;
    for (const [socket, progress] of this.#sockets) {
      const untaken = waitingOf(socket);
      if (untaken === 0 || untaken < progress.waiting || socket.bytesWritten !== progress.written) {
        progress.since = now;
      }
      progress.waiting = untaken;
      progress.written = socket.bytesWritten;
      const { since } = progress;
      if (untaken > 0 && now - since >= this.#limits.deadlineMs) {
        this.#end(socket, 'deadline');
        continue;
      }
      const bytes = Math.max(progress.answers, untaken);
      total += bytes;
      if (untaken > 0 && now - since >= graceMs) waiting.push({ socket, bytes, since });
    }
    if (total <= maxBytes) return total;
    waiting.sort((a, b) => a.since - b.since);
    for (const { socket, bytes } of waiting) {
      if (total <= maxBytes) break;
      this.#end(socket, 'memory');
      total -= bytes;
    }
    return total;
  }

  #end(socket: Socket, reason: EndReason): void {
    if (socket.destroyed) return;
    this.#ended[reason]++;
    socket.destroy();
  }
}

/** Node's own timeout of sockets reads the same size of the queue that the kernel has not taken. */
interface WithHandle {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  /** Of a TLS connection, the one below it. */
  readonly _parent?: WithHandle | null;
}

function waitingOf(socket: Socket): number {
  if (socket.writableLength === 0) return 0;
  const { _handle, _parent } = socket as Socket & WithHandle;
  return Math.max(1, _parent?._handle?.writeQueueSize ?? _handle?.writeQueueSize ?? socket.writableLength);
}
