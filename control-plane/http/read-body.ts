import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { badRequest, LogplaneError } from '../../pipeline/runtime/errors.ts';
import type { BodyBudget } from './body-budget.ts';
import { BodyMemory } from './body-memory.ts';
import { createUnpacker, tooLarge } from './decompress.ts';

/**
 * How long the declared size of a body counts. Two clients that declare much and send nothing would otherwise block all others until
 * their connections time out.
 */
const PATIENCE_MS = 2_000;

export interface ReadBodyOptions {
  readonly budget: BodyBudget;
  /** Bytes that one body may have, compressed and decompressed. */
  readonly limit: number;
}

export interface RequestBody {
  /** Decompressed; the readable part where `damage` is set. Its memory is reused when `use` is done. */
  readonly content: Buffer;
  /**
   * SHA-256, hexadecimal, of the bytes as they were sent; with an `Idempotency-Key`, of the decompressed ones, because its sender may
   * compress them anew.
   */
  readonly digest: string;
  /** Why the rest could not be decompressed. */
  readonly damage: string | undefined;
  /** Aborted when the client disconnects before the response. */
  readonly signal: AbortSignal;
}

/**
 * Reads and decompresses the body of a request and passes it to `use`. Its memory counts against the budget until `use` is done.
 * @throws LogplaneError `too_large`, `unavailable` (before anything is read where the size is declared),
 *   `unsupported_encoding`, `bad_request` where the client disconnected
 */
export async function readBody<T>(
  request: IncomingMessage,
  { budget, limit }: ReadBodyOptions,
  use: (body: RequestBody) => Promise<T>,
): Promise<T> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) throw tooLarge(limit, `${declared}`);
  const held = budget.reserve(declared);
  let packedSize = 0;
  // The declared size is reserved already.
  let counted = request.headers['content-length'] === undefined;
  const patience = setTimeout(() => {
    counted = true;
    held.shrink(Math.max(0, declared - packedSize));
  }, PATIENCE_MS);
  const memory = new BodyMemory();
  const hash = createHash('sha256');
  const isKeyed = request.headers['idempotency-key'] !== undefined;
  const left = new AbortController();
  const leave = () => left.abort();
  request.socket?.once('close', leave);
  let unpacker: ReturnType<typeof createUnpacker> | undefined;
  try {
    let size = 0;
    const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
    const opened = createUnpacker(encoding, {
      onPiece: (piece) => {
        size += piece.length;
        if (size > limit) throw tooLarge(limit, 'more');
        held.grow(piece.length);
        if (isKeyed) hash.update(piece);
        memory.add(piece);
      },
      limit,
      signal: left.signal,
    });
    unpacker = opened;
    let damage: string | undefined;
    let refusal: unknown;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        // A client reads the response only after it has sent everything, so the rest is read and discarded.
        if (refusal !== undefined) continue;
        try {
          packedSize += chunk.length;
          if (packedSize > limit) throw tooLarge(limit, 'more');
          if (counted) held.grow(chunk.length);
          if (!isKeyed) hash.update(chunk);
          damage ??= await damageOf(() => opened.write(chunk), encoding);
        } catch (error) {
          refusal = error;
          memory.release();
          held.release();
        }
      }
    } catch (error) {
      // The client disconnected, or sent malformed HTTP; nothing else fails here.
      throw badRequest(`the body ended early: ${(error as Error).message}; send the request again`);
    }
    clearTimeout(patience);
    if (refusal !== undefined) throw refusal;
    damage ??= await damageOf(() => opened.end(), encoding);
    return await use({ content: memory.content, digest: hash.digest('hex'), damage, signal: left.signal });
  } finally {
    clearTimeout(patience);
    request.socket?.off('close', leave);
    unpacker?.release();
    memory.release();
    held.release();
  }
}

async function damageOf(unpack: () => Promise<void>, encoding: string): Promise<string | undefined> {
  try {
    await unpack();
    return undefined;
  } catch (error) {
    if (error instanceof LogplaneError) throw error;
    return `the body is not valid ${encoding}: ${(error as Error).message}`;
  }
}
