import type { StoredRecord } from '../../record/log-record.ts';

/** What a server process reports to the others. */
export interface BusMessage {
  readonly process: string;
  /** Rises by one with each message of the process, so that a gap shows that some were lost. */
  readonly number: number;
  /** `hello`: the process has joined and will report where it begins; `bye`: it stores nothing more. */
  readonly kind: 'hello' | 'progress' | 'bye';
  /** The process has sent every record that it stored up to this sequence number, and will store none there any more. */
  readonly committed: number;
  /** The process has live readers, so the others send their records along. */
  readonly readers: boolean;
  /** How many records the process stored since its last message that arrived. */
  readonly stored: number;
  /** These records; undefined where they are in the store alone. */
  readonly records: readonly StoredRecord[] | undefined;
}

/** In Redis two names stay those of version 0.1.0, so that a cluster can be updated one server after the other. */
type WireMessage = Omit<BusMessage, 'kind' | 'committed'> & {
  readonly kind: 'hello' | 'told' | 'bye';
  readonly settled: number;
};

export function encodeMessage({ kind, committed, ...rest }: BusMessage): string {
  const message: WireMessage = { ...rest, kind: kind === 'progress' ? 'told' : kind, settled: committed };
  return JSON.stringify(message);
}

export function decodeMessage(text: string): BusMessage {
  const { kind, settled, ...rest } = JSON.parse(text) as WireMessage;
  return { ...rest, kind: kind === 'told' ? 'progress' : kind, committed: settled };
}
