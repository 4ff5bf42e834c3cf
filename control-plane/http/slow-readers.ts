import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { unavailable } from '../../pipeline/runtime/errors.ts';
import { HeldMemory } from '../../pipeline/runtime/held-memory.ts';

export interface SlowReaderLimits {
  /** How long a client may read nothing of what waits for it. */
  readonly deadlineMs: number;
  /** How long it may where another response needs the memory. */
  readonly graceMs: number;
  /** How much may wait for all clients together. */
  readonly maxBytes: number;
  readonly sweepMs: number;
}

const LIMITS = { deadlineMs: 30_000, graceMs: 5_000, sweepMs: 1_000 };
/** The share of live streams in what may wait. */
const STREAM_SHARE = 1 / 2;
/** The buffers of the system hold responses of this size, whatever the client does. */
const SMALL_BYTES = 64 * 1024;

/** How far a client has read. */
interface Progress {
  written: number;
  /** Bytes that the kernel has not taken. */
  waiting: number;
  /** Bytes of finished responses, which stay in memory until the client has read the last of them. */
  answers: number;
  /** When it last took something. */
  since: number;
}

export type EndReason = 'deadline' | 'memory';

/**
 * Bounds the memory of everything that waits for clients. It closes the connections of clients that read nothing: a client that is gone
 * would otherwise keep its response or stream in memory until TCP gives up, a quarter of an hour later. It measures what the kernel takes
 * of a connection's queue, so that it works for every kind of response. What a client sends meanwhile does not count.
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

  /** Connections that were closed, by reason. */
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
   * Counts a finished response until its client has read it or has left. Where it does not fit, connections of clients that have read
   * nothing for a few seconds are closed.
   * @throws LogplaneError `unavailable` where that does not help
   */
  holdAnswer(bytes: number, response: ServerResponse, now = performance.now()): void {
    const progress = response.socket ? this.#sockets.get(response.socket) : undefined;
    // A response that is closed already emits no further event.
    if (bytes <= SMALL_BYTES || !progress || response.destroyed) return;
    const room = this.#limits.maxBytes - bytes;
    if (this.waitingBytes > room && this.#free(room, this.#limits.graceMs, now) > room) {
      throw unavailable(
        'the memory for responses is full because clients read theirs slowly; send the request again',
      );
    }
    progress.answers += bytes;
    response.once('close', () => {
      progress.answers -= bytes;
    });
  }

  /**
   * Counts what a live stream has written and its client has not read. Where too much waits in all streams together, the connection
   * that has waited longest is closed.
   * @returns a function to call when the client has read it, or has left
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
   * Closes connections of clients that are over the deadline, and as many as needed of those that have read nothing for `graceMs`, until
   * at most `maxBytes` wait.
   * @returns how much waits then
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
