import { createHash } from 'node:crypto';
import { closedBlock, type KeyBlock } from './key-block.ts';

/** Fields that tell one stream of an agent from another: the file, the container, the program. */
const STREAM_FIELDS = [
  'machine_id',
  'host.name',
  'worker_id',
  'service',
  'service.name',
  'source',
  'file_path',
  'log.file.path',
  'container_name',
  'container.name',
  'container_id',
  'container.id',
  'k8s.pod.name',
  'k8s.container.name',
  'stream',
  'log.iostream',
  'node_id',
] as const;

/** Open keys of one agent, and agents that have some: an agent that opens more costs itself alone. */
const MAX_STREAMS = 100;
const MAX_AGENTS = 1_000;

/** What the streams that a request touched were like before it, by the names of the streams. */
export type Before = Map<string, KeyBlock>;

/**
 * Streams in the middle of a private key whose lines arrive one by one. Kept in memory: after a restart, and on another server process,
 * the lines behind are not known as those of a key.
 */
export class OpenKeyBlocks {
  /** By agent and stream, the least recently used agent first. */
  readonly #agents = new Map<string, Map<string, KeyBlock>>();
  #dropped = 0;

  /** Streams that were forgotten in the middle of a key, because too many were open. */
  get dropped(): number {
    return this.#dropped;
  }

  /** True where any stream of the agent is in the middle of a key. */
  isOpen(agent: string): boolean {
    return this.#agents.has(agent);
  }

  /**
   * Has `read` redact one record of a stream, and remembers what it made of the stream's key.
   * @param before where the state before is put, to be given to `restore`
   */
  use<T>(agent: string, stream: string, before: Before, read: (block: KeyBlock) => T): T {
    const known = this.#agents.get(agent)?.get(stream);
    const block = known ? { ...known } : closedBlock();
    if (!before.has(stream)) before.set(stream, known ?? closedBlock());
    if (known) block.records--;
    const result = read(block);
    this.#set(agent, stream, block);
    return result;
  }

  /** The records since `before` were not stored and will be sent again, so the keys that were open are open again. */
  restore(agent: string, before: Before): void {
    for (const [stream, block] of before) if (block.records > 0) this.#set(agent, stream, block);
  }

  #set(agent: string, stream: string, block: KeyBlock): void {
    const streams = this.#agents.get(agent) ?? new Map<string, KeyBlock>();
    this.#agents.delete(agent);
    streams.delete(stream);
    if (block.records > 0) streams.set(stream, block);
    if (streams.size > MAX_STREAMS) {
      streams.delete(streams.keys().next().value!);
      this.#dropped++;
    }
    if (streams.size > 0) this.#agents.set(agent, streams);
    if (this.#agents.size > MAX_AGENTS) {
      const [oldest, forgotten] = this.#agents.entries().next().value!;
      this.#agents.delete(oldest);
      this.#dropped += forgotten.size;
    }
  }
}

/** A short name of the stream that a record belongs to, among those of its agent. */
export function streamOf(fields: Readonly<Record<string, unknown>>): string {
  const values = STREAM_FIELDS.map((name) => fields[name]);
  const named = values.map((value) => (typeof value === 'string' ? value : ''));
  return createHash('sha256').update(named.join('\0')).digest('base64');
}
