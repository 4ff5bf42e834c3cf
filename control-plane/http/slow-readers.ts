import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { HeldMemory } from '../../pipeline/held-memory.ts';

export interface SlowReaderLimits {
  /** For so long a reader may take nothing of what waits for it. */
  readonly deadlineMs: number;
  /** What may wait for all readers together. */
  readonly maxBytes: number;
  readonly sweepMs: number;
}

const LIMITS: SlowReaderLimits = { deadlineMs: 30_000, maxBytes: 128 * 1024 * 1024, sweepMs: 1_000 };
/** Of it, what live streams may have waiting. */
const STREAM_BYTES = 64 * 1024 * 1024;

/** How far a reader is. */
interface Progress {
  written: number;
  waiting: number;
  /** When it last took something. */
  since: number;
}

export type EndReason = 'deadline' | 'memory';

/**
 * Ends the connections of readers that take nothing: a peer that is gone would otherwise keep its answer, its stream and
 * whatever waits for it until TCP gives up, a quarter of an hour later. It looks at what the kernel takes of a connection's
 * queue, so that it holds for every kind of answer, and what a peer sends meanwhile does not count.
 */
export class SlowReaders {
  readonly #limits: SlowReaderLimits;
  readonly #sockets = new Map<Socket, Progress>();
  readonly #timer: NodeJS.Timeout;
  readonly #ended: Record<EndReason, number> = { deadline: 0, memory: 0 };
  readonly #streamOutput = new HeldMemory(STREAM_BYTES);

  constructor(limits: Partial<SlowReaderLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#timer = setInterval(() => this.sweep(performance.now()), this.#limits.sweepMs).unref();
  }

  /** Connections that were ended, by reason. */
  get ended(): { readonly reason: EndReason; readonly value: number }[] {
    return Object.entries(this.#ended).map(([reason, value]) => ({ reason: reason as EndReason, value }));
  }

  get waitingBytes(): number {
    return Array.from(this.#sockets.keys(), waitingOf).reduce((sum, bytes) => sum + bytes, 0);
  }

  watch(server: Server): void {
    server.on('request', ({ socket }) => {
      if (this.#sockets.has(socket)) return;
      this.#sockets.set(socket, { written: 0, waiting: 0, since: performance.now() });
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * Counts what a live stream has written and its reader has not taken. Where all of them have too much waiting, the
   * connection that has waited longest is ended.
   * @returns to be called when the reader has taken it, or has left
   */
  hold(socket: Socket, bytes: number): () => void {
    return this.#streamOutput.hold(bytes, () => this.#end(socket, 'memory'));
  }

  sweep(now: number): void {
    const waiting: { readonly socket: Socket; readonly progress: Progress }[] = [];
    let total = 0;
    for (const [socket, progress] of this.#sockets) {
      const bytes = waitingOf(socket);
      if (bytes === 0 || bytes < progress.waiting || socket.bytesWritten !== progress.written) {
        progress.since = now;
      }
      progress.waiting = bytes;
      progress.written = socket.bytesWritten;
      if (bytes === 0) continue;
      if (now - progress.since >= this.#limits.deadlineMs) this.#end(socket, 'deadline');
      else {
        total += bytes;
        waiting.push({ socket, progress });
      }
    }
    if (total <= this.#limits.maxBytes) return;
    waiting.sort((a, b) => a.progress.since - b.progress.since);
    for (const { socket, progress } of waiting) {
      if (total <= this.#limits.maxBytes) return;
      this.#end(socket, 'memory');
      total -= progress.waiting;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
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
