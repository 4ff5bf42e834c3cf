import { createHash } from 'node:crypto';
import { closedBlock, type KeyBlock } from './key-block.ts';

/** Fields that distinguish the streams of an agent: the file, the container, the program. */
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

/** Bound of the open keys of one agent, and of the agents with open keys; so an agent that opens too many affects only itself. */
const MAX_STREAMS = 100;
const MAX_AGENTS = 1_000;

/** The states of the streams of a request before it, by the names of the streams. */
export type Before = Map<string, KeyBlock>;

/**
 * The streams that are in the middle of a private key whose lines arrive one by one. They are kept in memory alone: after a restart, and on
 * another server process, the remaining lines are not recognized as parts of a key.
 */
export class OpenKeyBlocks {
  /** By agent and stream, the least recently used agent first. */
  readonly #agents = new Map<string, Map<string, KeyBlock>>();
  #dropped = 0;

  /** Number of streams that were forgotten in the middle of a key, because too many were open. */
  get dropped(): number {
    return this.#dropped;
  }

  /** True where any stream of the agent is in the middle of a key. */
  isOpen(agent: string): boolean {
    return this.#agents.has(agent);
  }

  /**
   * Has `read` redact one record of a stream, and remembers the state of the stream afterwards.
   * @param before gets the state before, for `restore`
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

  /** Restores the states of `before`, because the records since then were not stored and will be sent again. */
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
