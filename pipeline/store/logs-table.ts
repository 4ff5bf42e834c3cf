import { SAMPLE_RATE_SQL } from '../record/sample-rate.ts';
import { LOG_COLUMNS } from './columns.ts';
import { BLOCK_MICROSECONDS } from './live/sequencer.ts';
import { MESSAGE_LETTERS } from './message-letters.ts';
import { createTable, type Statement } from './statement.ts';

/**
 * The table `logs` as the migrations leave it, so that a new server starts in half the time. A test compares the
 * two.
 *
 * It is partitioned by the day of arrival, so that retention drops whole folders and an import of old files does not touch a
 * hundred partitions at once, and ordered by the records' own time. The projections `minutes` and `hours` hold the counts: they are
 * parts of the rows' parts and go with them, so they can never differ from the rows, which a materialized view can (after a crash
 * between the two inserts, or after a delete).
 *
 * Merges wait for 30 parts, so that many small inserts are merged in few steps.
 *
 * Two indexes answer searches for a part of a message. `by_word` knows the rows of each word of letters, so that messages with a word,
 * or with a part of one, are found and counted without being read: there are few such words, and the engine searches all of
 * them. Everything else, ids above all, is searched by its pieces of four characters in `by_piece`.
 *
 * Blocks are small. In a block with a wrong checksum the engine searches for the flipped bit, in a time that grows with the square of
 * the size, and cannot be stopped meanwhile: 64 kB take 1.7 s, 128 kB 7.6 s and a megabyte, the engine's default, some ten minutes.
 *
 * @param ttl SQL expression: when a row may be removed
 */
export function logsTable(ttl: string): Statement {
  return createTable('logs', {
    columns: `${COLUMNS.join(',\n    ')},
    weight UInt32 MATERIALIZED toUInt32(${SAMPLE_RATE_SQL}) CODEC(ZSTD(1)),
    INDEX by_seq seq TYPE minmax GRANULARITY 1,
    INDEX by_word ${MESSAGE_LETTERS} TYPE text(tokenizer = splitByNonAlpha),
    INDEX by_piece lower(message) TYPE ngrambf_v1(4, 16384, 1, 0) GRANULARITY 1,
    PROJECTION minutes (
      SELECT toStartOfMinute(timestamp), service, level, count(), sum(weight), sum(length(message)), max(timestamp)
      GROUP BY toStartOfMinute(timestamp), service, level
    ),
    PROJECTION hours (
      SELECT toStartOfHour(timestamp), service, level, machine_id, source, file_path,
        count(), sum(weight), sum(length(message)), max(timestamp)
      GROUP BY toStartOfHour(timestamp), service, level, machine_id, source, file_path
    )
`,
    engine: 'MergeTree',
    partitionBy: DAY_OF_ARRIVAL,
    orderBy: ['timestamp', 'seq'],
    ttl,
    settings: `deduplicate_merge_projection_mode = 'rebuild', lightweight_mutation_projection_mode = 'rebuild',
      min_parts_to_merge_at_once = 30, merge_selector_base = 20,
      materialize_projections_on_insert = 1, materialize_projections_on_merge = 1, compress_marks = 0, compress_primary_key = 0,
      min_compress_block_size = 4096, max_compress_block_size = 65536, min_age_to_force_merge_seconds = 7200,
      min_age_to_force_merge_on_partition_only = 1`,
    shardBy: WHOLE_BATCHES,
  });
}

export const DAY_OF_ARRIVAL = "toDate(fromUnixTimestamp64Micro(toInt64(seq), 'UTC'))";

/** Batches of records go to one shard whole, so that each is stored at once or not at all. */
export const WHOLE_BATCHES = `intDiv(seq, ${BLOCK_MICROSECONDS})`;

/** The first columns of the table; inserts write `request` last. */
const FIRST = ['seq', 'request'];
const COLUMNS = [
  ...LOG_COLUMNS.filter(({ name }) => FIRST.includes(name)),
  ...LOG_COLUMNS.filter(({ name }) => !FIRST.includes(name)),
].map(({ name, type }) => `${name} ${type}${codecOf(type)}`);

/** The codec of a column's type; types of few values need none. */
function codecOf(type: string): string {
  if (type === 'String') return ' CODEC(ZSTD(1))';
  return type === 'UInt64' || type.startsWith('DateTime64') ? ' CODEC(DoubleDelta, ZSTD(1))' : '';
}
