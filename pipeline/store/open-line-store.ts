import { unavailable } from '../runtime/errors.ts';
import type { ClickHouse } from './clickhouse.ts';
import { REQUEST_KEY } from './log-store.ts';
import { encodeOpenLines, OPEN_LINE_COLUMNS } from './open-line-block.ts';
import { decodeRequest, idempotencyKey, type StoredRequest } from './request-progress.ts';

/** A line of an open event, which was acknowledged and is in no record yet. */
export interface OpenLine {
  /** 48 bits that identify it among the lines of the last day. */
  readonly id: number;
  /** The idempotency key of its request. */
  readonly request: string;
  /** Number of its entry in its request, from 0. */
  readonly index: number;
  /** True where rows of the same piece of its request are stored behind the line: without them nothing of the piece is acknowledged. */
  readonly hasRows: boolean;
  readonly stream: string;
  /** JSON of what its record is made of. */
  readonly content: string;
}

export interface SortedLines {
  /** Lines that were acknowledged, or may have been. */
  readonly accepted: readonly OpenLine[];
  /** The lines among them that are in no stored record. */
  readonly open: readonly OpenLine[];
  /** Lines whose request was not acknowledged, so that it comes again. */
  readonly refused: readonly OpenLine[];
}

type Row = [seq: number, number, string, string, number, 0 | 1, string, string];

interface Waiting {
  readonly lines: readonly OpenLine[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Rows of the table live so long (`migrations.ts`). */
const LIFETIME_MS = 24 * 60 * 60_000;
/** Lines that another process left open for so long are without an owner: a living one ends its events after a second. */
const ORPHANED_MS = 120_000;
const MAX_READ = 200_000;
/** An insert is repeated for so long, so rows may have come in so much earlier than lines of the same request. */
const MAX_INSERT_MS = 10 * 60_000;

/**
 * The table `open_lines`: lines that wait for the rest of their event when their request is acknowledged. It is only read at a start. A
 * line is never removed: the rows of its event name it (`joined` of `StoredRequest`), and the table forgets it after a day.
 */
export class OpenLineStore {
  readonly #clickhouse: ClickHouse;
  readonly #owner: string;
  readonly #waiting: Waiting[] = [];
  #isRunning = false;
  #lastSeq = 0;

  /** @param owner names this process, and the same after a restart */
  constructor(clickhouse: ClickHouse, owner: string) {
    this.#clickhouse = clickhouse;
    this.#owner = owner;
  }

  /**
   * Resolves when the lines are durable. Lines that come while an insert runs share the next one.
   * @throws LogplaneError `unavailable` when the store cannot take them now
   */
  add(lines: readonly OpenLine[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** The lines of the last day, in the order in which they came. */
  async read(): Promise<SortedLines> {
    await this.#clickhouse.flush('open_lines');
    const since = (Date.now() - LIFETIME_MS) * 1000;
    const orphaned = (Date.now() - ORPHANED_MS) * 1000;
    const rows = await this.#clickhouse.query<Row>(
      `SELECT ${OPEN_LINE_COLUMNS.join(', ')} FROM open_lines
       WHERE seq > {since:UInt64} AND (owner = {owner:String} OR seq < {orphaned:UInt64}) ORDER BY seq DESC LIMIT ${MAX_READ}`,
      { parameters: { since, owner: this.#owner, orphaned } },
    );
    if (rows.length === 0) return sortOpenLines([], []);
    // Rows of the same requests may have been stored before the lines.
    const requests = await this.#clickhouse.query<[string]>(
      `SELECT request FROM logs WHERE seq >= {from:UInt64} AND request != ''
       AND (request LIKE '%]]' OR ${REQUEST_KEY} IN (SELECT request FROM open_lines WHERE has_rows = 1))`,
      { parameters: { from: rows.at(-1)![0] - MAX_INSERT_MS * 1000 } },
    );
    const lines = rows.map(([, id, , request, index, hasRows, stream, content]) => ({
      id,
      request,
      index,
      hasRows: hasRows === 1,
      stream,
      content,
    }));
    return sortOpenLines(
      lines.reverse(),
      requests.map(([request]) => decodeRequest(request)),
    );
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting.splice(0);
      try {
        const lines = waiting.flatMap((add) => add.lines);
        const first = Math.max(this.#lastSeq + 1, Date.now() * 1000);
        this.#lastSeq = first + lines.length - 1;
        await this.#clickhouse.append('open_lines', {
          pieces: encodeOpenLines(lines, first, this.#owner),
          count: lines.length,
          last: this.#lastSeq,
        });
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        const refusal = unavailable(
          'the lines of an open event could not be stored; send the request again',
          error,
        );
        for (const { reject } of waiting) reject(refusal);
      }
    }
    this.#isRunning = false;
  }
}

/**
 * Sorts stored lines by what became of them.
 * @param requests the progress of the requests in the rows of the store
 */
export function sortOpenLines(lines: readonly OpenLine[], requests: readonly StoredRequest[]): SortedLines {
  const joined = new Set(requests.flatMap((request) => request.joined ?? []));
  const progress = new Map<string, number>();
  for (const { agent, digest, entries } of requests) {
    const key = idempotencyKey(agent, digest);
    progress.set(key, Math.max(entries, progress.get(key) ?? 0));
  }
  const latest = new Map(lines.map((line) => [line.id, line]));
  const accepted: OpenLine[] = [];
  const refused: OpenLine[] = [];
  for (const line of latest.values()) {
    const isAccepted = !line.hasRows || (progress.get(line.request) ?? 0) > line.index;
    (isAccepted ? accepted : refused).push(line);
  }
  return { accepted, refused, open: accepted.filter(({ id }) => !joined.has(id)) };
}
