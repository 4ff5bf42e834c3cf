import { statfs } from 'node:fs/promises';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import type { SignalName } from '../rules/rule-words.ts';

/** The current value of one group; labels by name. */
export interface SignalValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads a signal. @param window seconds */
export type Signals = Readonly<Record<SignalName, (window: number) => Promise<readonly SignalValue[]>>>;

const MAX_AGENTS = 500;

export function createSignals(clickhouse: ClickHouse, dataDir: string): Signals {
  return {
    async dead_letters(window) {
      const rows = await clickhouse.query<[string, number]>(
        `SELECT agent, count() FROM dead_letters FINAL WHERE seq > {after:UInt64} GROUP BY agent LIMIT ${MAX_AGENTS}`,
        { parameters: { after: Math.floor((Date.now() - window * 1000) * 1000) } },
      );
      return rows.map(([agent, value]) => ({ labels: { agent }, value }));
    },

    async disk_used_share() {
      const { blocks, bavail, bfree } = await statfs(dataDir);
      // As `df` counts: blocks reserved for root are neither used nor free.
      const used = blocks - bfree;
      return [{ labels: { folder: dataDir }, value: used / Math.max(used + bavail, 1) }];
    },
  };
}
