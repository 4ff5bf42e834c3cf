/**
 * Statements that make and change tables, as data: the cluster is an argument of their text. On a cluster a table is a replicated one on
 * each machine, with one of the name itself over all shards, and changes go to every machine.
 */
export type Statement = CreateTable | AlterTable | DeleteRows | KillMutations | InsertSelected;

interface CreateTable extends TableDefinition {
  readonly kind: 'create';
  readonly table: string;
}

export interface TableDefinition {
  /** SQL between the brackets: columns, indexes and projections. */
  readonly columns: string;
  readonly engine: 'MergeTree' | 'ReplacingMergeTree';
  /** Of rows with the same key the one with the highest value of this column stays; left out, the last one inserted. */
  readonly version?: string;
  readonly partitionBy?: string;
  /** Columns of the sorting key. */
  readonly orderBy: readonly [string, ...string[]];
  readonly ttl?: string;
  readonly settings?: string;
  /** SQL: rows with equal values are on one shard. Left out, those with the same first column of the key, so that rows that replace each other meet. */
  readonly shardBy?: string;
}

interface AlterTable {
  readonly kind: 'alter';
  readonly table: string;
  /** SQL behind `ALTER TABLE name`. */
  readonly change: string;
  /** The table over all shards has the same columns, and none of what else is changed. */
  readonly changesColumns: boolean;
}

interface DeleteRows {
  readonly kind: 'delete';
  readonly table: string;
  readonly where: string;
}

interface KillMutations {
  readonly kind: 'kill';
  /** SQL condition on `system.mutations`, and `SYNC` where the statement waits. */
  readonly where: string;
}

interface InsertSelected {
  readonly kind: 'insert';
  readonly table: string;
  /** SQL behind `INSERT INTO name`. */
  readonly select: string;
}

export function createTable(table: string, definition: TableDefinition): Statement {
  return { kind: 'create', table, ...definition };
}

/** Adds, changes or removes columns. */
export function alterColumns(table: string, change: string): Statement {
  return { kind: 'alter', table, change, changesColumns: true };
}

/** Changes anything but columns: rows, settings, indexes, projections, partitions. */
export function alterTable(table: string, change: string): Statement {
  return { kind: 'alter', table, change, changesColumns: false };
}

/** Masks rows at once; they are gone with the next merge. */
export function deleteRows(table: string, where: string): Statement {
  return { kind: 'delete', table, where };
}

export function killMutations(where: string): Statement {
  return { kind: 'kill', where };
}

/** Inserts what a SELECT gives; on a cluster the rows go to their shards. */
export function insertSelected(table: string, select: string): Statement {
  return { kind: 'insert', table, select };
}

/**
 * The texts to run one after the other; a text stays as it is.
 * @param cluster a name of letters, digits, `_` and `-`; undefined: one server
 * @throws Error for a text on a cluster, of which it would reach one machine only
 */
export function compileStatement(
  statement: Statement | string,
  cluster: string | undefined,
): readonly string[] {
  if (typeof statement === 'string') {
    if (cluster === undefined) return [statement];
    throw new Error(
      `expected a Statement, because a text reaches one machine of a cluster only: ${statement}`,
    );
  }
  const on = onCluster(cluster);
  const local = cluster === undefined ? (table: string) => table : localTable;
  switch (statement.kind) {
    case 'create': {
      const { table } = statement;
      const own = `CREATE TABLE IF NOT EXISTS ${local(table)}${on} ${definitionOf(statement, cluster)}`;
      if (cluster === undefined) return [own];
      const { shardBy = `cityHash64(${statement.orderBy[0]})` } = statement;
      const engine = `Distributed('${cluster}', currentDatabase(), ${local(table)}, ${shardBy})`;
      return [own, `CREATE TABLE IF NOT EXISTS ${table}${on} AS ${local(table)} ENGINE = ${engine}`];
    }
    case 'alter': {
      const { table, change, changesColumns } = statement;
      const tables = cluster !== undefined && changesColumns ? [local(table), table] : [local(table)];
      return tables.map((name) => `ALTER TABLE ${name}${on} ${change}`);
    }
    case 'delete':
      return [`DELETE FROM ${local(statement.table)}${on} WHERE ${statement.where}`];
    case 'insert':
      return [`INSERT INTO ${statement.table} ${statement.select}`];
    case 'kill':
      return [`KILL MUTATION${on} WHERE ${statement.where}`];
  }
}

function definitionOf(definition: TableDefinition, cluster: string | undefined): string {
  const { columns, engine, version, partitionBy, orderBy, ttl, settings } = definition;
  return [
    `(${columns})`,
    `ENGINE = ${cluster === undefined ? '' : 'Replicated'}${engine}${version === undefined ? '' : `(${version})`}`,
    partitionBy !== undefined && `PARTITION BY ${partitionBy}`,
    `ORDER BY ${orderBy.length === 1 ? orderBy[0] : `(${orderBy.join(', ')})`}`,
    ttl !== undefined && `TTL ${ttl}`,
    settings !== undefined && `SETTINGS ${settings}`,
  ]
    .filter((clause) => clause !== false)
    .join(' ');
}

/** What stands behind the name of what a statement makes or changes, with a space before it. */
export function onCluster(cluster: string | undefined): string {
  return cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`;
}

const LOCAL_SUFFIX = '_local';

/** The table on each machine of a cluster; the one without the suffix is over all of them. */
export function localTable(table: string): string {
  return `${table}${LOCAL_SUFFIX}`;
}

export function isLocalTable(name: string): boolean {
  return name.endsWith(LOCAL_SUFFIX);
}

/** The table over all machines that a table, also one of a single machine, is of. */
export function globalTable(name: string): string {
  return isLocalTable(name) ? name.slice(0, -LOCAL_SUFFIX.length) : name;
}
