import type { EngineMemory } from '../../pipeline/store/engine-memory.ts';

const MIB = 1024 * 1024;

/** The memory of each part of the process, in bytes. The parts enforce their shares themselves. */
export interface MemoryShares {
  /** The whole process; the other shares leave room for the program itself and for its allocators. */
  readonly limit: number;
  /** Request bodies in memory at once, compressed and uncompressed. */
  readonly bodies: number;
  /** Responses, exports and streams that wait in memory until their clients have taken them. */
  readonly answers: number;
  /** JavaScript objects: records on their way to the store, results of queries, the states of agents. */
  readonly heap: number;
  /** New JavaScript objects; the heap holds three times as much of them beside its share. */
  readonly youngHeap: number;
  readonly engine: EngineMemory;
}

/** With this much or less Logplane starts with a warning. */
export const TOO_LITTLE_BYTES = 512 * MIB;

/** Divides the memory. Of 1 GiB these shares leave about 190 MiB, which the program needs for itself. */
export function divideMemory(limit: number): MemoryShares {
  const small = limit < 2048 * MIB;
  const engine = Math.floor(limit * 0.38);
  const queries = small ? 2 : 4;
  return {
    limit,
    // Whatever the memory, a body of the default INGEST_MAX_BYTES has to fit.
    bodies: clamp(limit / 8, 128 * MIB, 1024 * MIB),
    answers: clamp(limit / 16, 32 * MIB, 1024 * MIB),
    heap: clamp(limit / 4, 160 * MIB, 4096 * MIB),
    youngHeap: small ? 16 * MIB : 32 * MIB,
    engine: {
      total: engine,
      queries,
      // The rest of the engine's share is reserved for inserts, merges and caches.
      query: clamp((engine * 0.6) / queries, 64 * MIB, 500_000_000),
      caches: Math.min(Math.floor(engine * 0.15), 1024 * MIB),
    },
  };
}

/** The problems of the division that an operator should know at the start, one line each. */
export function memoryProblems({ limit, bodies }: MemoryShares, ingestMaxBytes: number): string[] {
  const problems: string[] = [];
  if (limit <= TOO_LITTLE_BYTES) {
    problems.push(
      `MEMORY_LIMIT_BYTES: ${inMebibytes(limit)} is too little: Logplane needs more than ${inMebibytes(TOO_LITTLE_BYTES)} and works well ` +
        'with 1024 MiB; give the container or machine more memory, or expect the system to end the process',
    );
  }
  if (ingestMaxBytes > bodies / 2) {
    problems.push(
      `INGEST_MAX_BYTES: ${ingestMaxBytes} is more than can be held: expected at most ${Math.floor(bodies / 2)}, half of the share of ` +
        `request bodies in MEMORY_LIMIT_BYTES (${limit}); larger bodies will be refused with 503`,
    );
  }
  return problems;
}

function clamp(bytes: number, minimum: number, maximum: number): number {
  return Math.floor(Math.min(Math.max(bytes, minimum), maximum));
}

function inMebibytes(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}
