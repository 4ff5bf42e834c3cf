import { SAMPLE_RATE_SQL } from '../record/sample-rate.ts';
import { DAY_OF_ARRIVAL, WHOLE_BATCHES } from './logs-table.ts';
import { MESSAGE_LETTERS } from './message-letters.ts';
import {
  alterColumns,
  alterTable,
  createTable,
  killMutations,
  localTable,
  type Statement,
} from './statement.ts';

/**
 * Statements by schema version. A version that has been released never changes; later ones follow it. An empty database gets the final
 * tables at once: `logs` from `logs-table.ts`, which has to be kept the same, and all others as they are created here.
 */
export const MIGRATIONS: readonly (readonly Statement[])[] = [
  [
    createTable('logs', {
      columns: `
        seq UInt64 CODEC(DoubleDelta, ZSTD(1)),
        request String CODEC(ZSTD(1)),
        timestamp DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
        timestamp_digits UInt8,
        observed_timestamp DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
        observed_digits UInt8,
        level Enum8('debug' = 5, 'info' = 9, 'warn' = 13, 'error' = 17, 'fatal' = 21),
        severity_text LowCardinality(String),
        service LowCardinality(String),
        machine_id LowCardinality(String),
        worker_id LowCardinality(String),
        deployment_env LowCardinality(String),
        region LowCardinality(String),
        source LowCardinality(String),
        file_path LowCardinality(String),
        container_name LowCardinality(String),
        job_id String CODEC(ZSTD(1)),
        node_id String CODEC(ZSTD(1)),
        trace_id String CODEC(ZSTD(1)),
        span_id String CODEC(ZSTD(1)),
        request_id String CODEC(ZSTD(1)),
        type LowCardinality(String),
        event_type LowCardinality(String),
        message String CODEC(ZSTD(1)),
        attributes String CODEC(ZSTD(1)),
        INDEX by_seq seq TYPE minmax GRANULARITY 1,
        INDEX by_piece lower(message) TYPE ngrambf_v1(4, 65536, 2, 0) GRANULARITY 1,
        PROJECTION minutes (
          SELECT toStartOfMinute(timestamp), service, level, machine_id, source, file_path,
            count(), sum(length(message)), max(timestamp)
          GROUP BY toStartOfMinute(timestamp), service, level, machine_id, source, file_path
        )`,
      engine: 'MergeTree',
      partitionBy: DAY_OF_ARRIVAL,
      orderBy: ['timestamp', 'seq'],
      settings: `deduplicate_merge_projection_mode = 'rebuild', lightweight_mutation_projection_mode = 'rebuild',
      min_parts_to_merge_at_once = 30, merge_selector_base = 20`,
      shardBy: WHOLE_BATCHES,
    }),
    createTable('dead_letters', {
      columns: `
        id String,
        seq UInt64,
        agent String,
        source LowCardinality(String),
        line UInt32,
        reason String,
        content String CODEC(ZSTD(1)),
        content_bytes UInt64 DEFAULT length(content)`,
      engine: 'ReplacingMergeTree',
      orderBy: ['id'],
      settings: 'max_compress_block_size = 65536',
    }),
    createTable('job_runs', {
      columns: `
        cluster LowCardinality(String),
        job_id String,
        array_task_id String,
        submit String,
        start String,
        updated UInt64,
        name String,
        user LowCardinality(String),
        partition LowCardinality(String),
        state LowCardinality(String),
        exit_code LowCardinality(String),
        end String,
        nodes Array(String),
        raw_id String,
        facts String DEFAULT '{}'`,
      engine: 'ReplacingMergeTree',
      version: 'updated',
      orderBy: ['job_id', 'cluster', 'array_task_id', 'submit', 'start'],
    }),
  ],
  [
    // Like the search index, the projection is built in merges: a part without it is counted row by row. Measured for an
    // insert of 2,000 rows: 7.5 ms of CPU instead of 11.8, and 7.3 with marks and keys uncompressed.
    alterTable(
      'logs',
      `MODIFY SETTING materialize_projections_on_insert = 0, materialize_projections_on_merge = 1,
      compress_marks = 0, compress_primary_key = 0`,
    ),
  ],
  // Sampled records count for all that they stand for, in the projections too. Older parts are rewritten in the background.
  [
    alterColumns(
      'logs',
      `ADD COLUMN IF NOT EXISTS weight UInt32 MATERIALIZED toUInt32(${SAMPLE_RATE_SQL}) CODEC(ZSTD(1))`,
    ),
    alterTable('logs', 'MATERIALIZE COLUMN weight SETTINGS mutations_sync = 0, alter_sync = 0'),
    // By minute for what is counted most often; by hour with the fields of many values, of which a minute would have nearly
    // as many combinations as rows (measured on 1 M rows: 375,000, 5.3 of 38.6 bytes a row).
    alterTable('logs', 'DROP PROJECTION IF EXISTS minutes'),
    alterTable(
      'logs',
      `ADD PROJECTION minutes (
      SELECT toStartOfMinute(timestamp), service, level, count(), sum(weight), sum(length(message)), max(timestamp)
      GROUP BY toStartOfMinute(timestamp), service, level
    )`,
    ),
    alterTable(
      'logs',
      `ADD PROJECTION IF NOT EXISTS hours (
      SELECT toStartOfHour(timestamp), service, level, machine_id, source, file_path,
        count(), sum(weight), sum(length(message)), max(timestamp)
      GROUP BY toStartOfHour(timestamp), service, level, machine_id, source, file_path
    )`,
    ),
    // One hash instead of two: half the time in merges, the same size, and for words that are long enough to be rare
    // hardly more false finds.
    alterTable('logs', 'DROP INDEX IF EXISTS by_piece'),
    alterTable('logs', 'ADD INDEX by_piece lower(message) TYPE ngrambf_v1(4, 65536, 1, 0) GRANULARITY 1'),
    ...['PROJECTION minutes', 'PROJECTION hours', 'INDEX by_piece'].map((what) =>
      alterTable('logs', `MATERIALIZE ${what} SETTINGS mutations_sync = 0, alter_sync = 0`),
    ),
  ],
  [
    createTable('fleet', {
      columns: `
        kind LowCardinality(String),
        id String,
        updated UInt64,
        body String CODEC(ZSTD(1))`,
      engine: 'ReplacingMergeTree',
      version: 'updated',
      orderBy: ['kind', 'id'],
    }),
  ],
  [
    createTable('alert_rules', {
      columns: `
        name String,
        version UInt32,
        updated UInt64,
        deleted UInt8,
        definition String`,
      engine: 'MergeTree',
      orderBy: ['name', 'version'],
    }),
    createTable('alert_events', {
      columns: `
        seq UInt64,
        alert String,
        rule LowCardinality(String),
        rule_version UInt32,
        severity LowCardinality(String),
        state LowCardinality(String),
        labels String CODEC(ZSTD(1)),
        group String CODEC(ZSTD(1)),
        since Float64,
        at Float64,
        value Float64,
        details String CODEC(ZSTD(1)),
        webhooks Array(String) CODEC(ZSTD(1))`,
      engine: 'MergeTree',
      orderBy: ['seq'],
      ttl: "toDateTime(fromUnixTimestamp64Micro(toInt64(seq), 'UTC')) + toIntervalDay(400)",
    }),
    createTable('alert_silences', {
      columns: `
        id String,
        updated UInt64,
        deleted UInt8,
        definition String`,
      engine: 'ReplacingMergeTree',
      version: 'updated',
      orderBy: ['id'],
    }),
    createTable('alert_positions', {
      columns: `
        name String,
        updated UInt64,
        place UInt64,
        note String`,
      engine: 'ReplacingMergeTree',
      version: 'updated',
      orderBy: ['name'],
    }),
    createTable('leases', {
      columns: `
        name LowCardinality(String),
        holder String,
        asked UInt64,
        seen UInt64`,
      engine: 'ReplacingMergeTree',
      version: 'seen',
      orderBy: ['name', 'holder'],
      ttl: "toDateTime(fromUnixTimestamp64Micro(toInt64(seen), 'UTC')) + toIntervalDay(1)",
    }),
  ],
  [
    // Inserts became large (`journal.ts`), so that making projections at once costs 1 µs a row; counts then read no rows at all.
    alterTable('logs', 'MODIFY SETTING materialize_projections_on_insert = 1'),
  ],
  [
    alterTable(
      'logs',
      `ADD INDEX IF NOT EXISTS by_word ${MESSAGE_LETTERS} TYPE text(tokenizer = splitByNonAlpha)`,
    ),
    // Words are no longer searched by pieces, so a quarter of the filter is enough: 2 bytes a row instead of 6. An index that is
    // still being made, as after the third version, cannot be dropped.
    killMutations(
      `database = currentDatabase() AND table IN ('logs', '${localTable('logs')}')
       AND command LIKE '%MATERIALIZE INDEX by_piece%' SYNC`,
    ),
    alterTable('logs', 'DROP INDEX IF EXISTS by_piece'),
    alterTable('logs', 'ADD INDEX by_piece lower(message) TYPE ngrambf_v1(4, 16384, 1, 0) GRANULARITY 1'),
    // A record's columns are then unpacked for 8,192 rows and not for up to 65,536: ten records of a rare word take 25 ms
    // instead of 32, for 0.2 bytes a row.
    // A day that is over is merged into one part, because each part costs time in each query that reads it (20 days in 400 parts: an
    // absent word takes 1,403 ms, a histogram 248; in 20 parts 108 and 32).
    alterTable(
      'logs',
      `MODIFY SETTING min_compress_block_size = 4096, min_age_to_force_merge_seconds = 7200,
      min_age_to_force_merge_on_partition_only = 1`,
    ),
    ...['by_word', 'by_piece'].map((index) =>
      alterTable('logs', `MATERIALIZE INDEX ${index} SETTINGS mutations_sync = 0, alter_sync = 0`),
    ),
  ],
  [
    // A dead letter may be as large as a body: its beginning is in `dead_letters`, the rest in pieces of up to a
    // megabyte, which are read one by one.
    alterColumns('dead_letters', 'ADD COLUMN IF NOT EXISTS content_bytes UInt64 DEFAULT length(content)'),
    createTable('dead_letter_pieces', {
      columns: `
        id String,
        piece UInt32,
        seq UInt64,
        content String CODEC(ZSTD(1))`,
      engine: 'ReplacingMergeTree',
      orderBy: ['id', 'piece'],
      settings: 'index_granularity_bytes = 1048576, max_compress_block_size = 65536',
    }),
  ],
  [
    // In a block with a wrong checksum the engine searches for the flipped bit, in a time that grows with the square of the size.
    // Existing parts get smaller blocks when they are merged.
    ...['logs', 'dead_letters', 'dead_letter_pieces'].map((table) =>
      alterTable(table, 'MODIFY SETTING max_compress_block_size = 65536'),
    ),
  ],
  [
    createTable('open_lines', {
      columns: `
        seq UInt64,
        id UInt64,
        owner String,
        request String,
        line UInt32,
        has_rows UInt8,
        stream String,
        content String CODEC(ZSTD(1))`,
      engine: 'MergeTree',
      orderBy: ['seq'],
      ttl: "toDateTime(fromUnixTimestamp64Micro(toInt64(seq), 'UTC')) + toIntervalDay(1)",
    }),
  ],
  // What SLURM knows of a run beside the columns, as JSON.
  [
    alterColumns(
      'job_runs',
      "ADD COLUMN IF NOT EXISTS raw_id String, ADD COLUMN IF NOT EXISTS facts String DEFAULT '{}'",
    ),
  ],
];
