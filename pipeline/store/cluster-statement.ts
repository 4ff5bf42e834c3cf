import { BLOCK_MICROSECONDS } from './live/sequencer.ts';

/** Of the table on each machine of a cluster; the table without it is the one over all of them. */
export const LOCAL_SUFFIX = '_local';

/** Batches of records go to one shard whole, so that each is stored at once or not at all. */
const SHARD_OF: Readonly<Record<string, string>> = { logs: `intDiv(seq, ${BLOCK_MICROSECONDS})` };

const CREATE = /^\s*CREATE TABLE IF NOT EXISTS (\w+)\s+(\([\s\S]*\))\s*ENGINE = (\w*MergeTree)\b([\s\S]*)$/;
const ALTER = /^\s*ALTER TABLE (\w+)\s+([\s\S]*)$/;
const DELETE = /^\s*DELETE FROM (\w+)\b([\s\S]*)$/;
const KILL = /^\s*KILL MUTATION\b([\s\S]*)$/;
const COLUMN_CHANGE = /^(?:ADD|MODIFY|DROP|RENAME|COMMENT|CLEAR)\s+COLUMN\b/i;

/**
 * A statement for one server as the statements for a cluster: tables become replicated ones, with a table of the same
 * name over all shards, and changes go to every machine. Others stay as they are.
 * @param cluster a name of letters, digits, `_` and `-`
 */
export function forCluster(statement: string, cluster: string): readonly string[] {
  const everywhere = `ON CLUSTER '${cluster}'`;
  const created = CREATE.exec(statement);
  if (created) {
    const [, table, columns, engine, rest] = created as unknown as [string, string, string, string, string];
    const local = `${table}${LOCAL_SUFFIX}`;
    return [
      `CREATE TABLE IF NOT EXISTS ${local} ${everywhere} ${columns} ENGINE = Replicated${engine}${rest}`,
      `CREATE TABLE IF NOT EXISTS ${table} ${everywhere} AS ${local}
       ENGINE = Distributed('${cluster}', currentDatabase(), ${local}, ${shardKey(table, rest)})`,
    ];
  }
  const altered = ALTER.exec(statement);
  if (altered) {
    const [, table, change] = altered as unknown as [string, string, string];
    const local = `ALTER TABLE ${table}${LOCAL_SUFFIX} ${everywhere} ${change}`;
    return COLUMN_CHANGE.test(change) ? [local, `ALTER TABLE ${table} ${everywhere} ${change}`] : [local];
  }
  const deleted = DELETE.exec(statement);
  if (deleted) return [`DELETE FROM ${deleted[1]}${LOCAL_SUFFIX} ${everywhere}${deleted[2]}`];
  const killed = KILL.exec(statement);
  if (killed) return [`KILL MUTATION ${everywhere}${killed[1]}`];
  return [statement];
}

/** Rows that replace each other have to meet on one shard: they are spread by the first column of their key. */
function shardKey(table: string, rest: string): string {
  const key = SHARD_OF[table];
  if (key) return key;
  const first = /ORDER BY \(?\s*(\w+)/.exec(rest)?.[1];
  return first === undefined ? 'rand()' : `cityHash64(${first})`;
}
