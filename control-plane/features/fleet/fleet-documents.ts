import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';

const COLUMNS = ['kind', 'id', 'updated', 'body'] as const;
/** How far another server's clock may be behind. */
const OVERLAP_MILLISECONDS = 60_000;
/** Documents that are read at once: a page of the largest has 128 MB. */
const PAGE = 2_000;

/**
 * The documents of one kind in the table `fleet`, all of them in memory: a fleet has thousands, not millions.
 * Several servers may share the table; `refresh` loads the changes of the others.
 */
export class FleetDocuments<T> {
  readonly #clickhouse: ClickHouse;
  readonly #kind: string;
  /** The documents, also lately removed ones without a body, so that a server whose clock is behind writes a later time over them. */
  readonly #known = new Map<string, { readonly updated: number; readonly body: T | null }>();
  #newest = 0;
  #lastWritten = 0;
  #isRead = false;

  constructor(clickhouse: ClickHouse, kind: string) {
    this.#clickhouse = clickhouse;
    this.#kind = kind;
  }

  get(id: string): T | undefined {
    return this.#known.get(id)?.body ?? undefined;
  }

  all(): T[] {
    return Array.from(this.#known.values(), ({ body }) => body).filter((body) => body !== null);
  }

  /** @param afterPage called after each page of documents, so that their owner can remove some before more are read */
  async refresh(afterPage = async () => {}): Promise<void> {
    if (!this.#isRead || this.#clickhouse.shared) await this.#read(afterPage);
    this.#isRead = true;
    this.#dropRemoved();
  }

  async #read(afterPage: () => Promise<void>): Promise<void> {
    const from = Math.max(0, this.#newest - OVERLAP_MILLISECONDS);
    let after = '';
    for (let count = PAGE; count === PAGE; ) {
      const rows = await this.#clickhouse.query<[string, number, string]>(
        `SELECT id, updated, body FROM fleet FINAL
        WHERE kind = {kind:String} AND id > {after:String} AND updated >= {from:UInt64} ORDER BY id LIMIT ${PAGE}`,
        { parameters: { kind: this.#kind, after, from } },
      );
      for (const [id, updated, body] of rows) this.#keep(id, updated, JSON.parse(body) as T | null);
      count = rows.length;
      after = rows.at(-1)?.[0] ?? after;
      await afterPage();
      this.#dropRemoved();
    }
  }

  #dropRemoved(): void {
    for (const [id, { updated, body }] of this.#known)
      if (body === null && updated < this.#newest - OVERLAP_MILLISECONDS) this.#known.delete(id);
  }

  /** Stores documents; they are durable when it resolves and known only then, so that one that could not be stored does not exist. */
  put(documents: readonly (readonly [id: string, body: T])[]): Promise<void> {
    return this.#write(documents);
  }

  /** Removes documents with a row for each, because a deleted row would stay in the memory of other servers. */
  remove(ids: readonly string[]): Promise<void> {
    return this.#write(ids.map((id) => [id, null]));
  }

  async #write(documents: readonly (readonly [id: string, body: T | null])[]): Promise<void> {
    if (documents.length === 0) return;
    const changes = documents.map(([id, body]) => {
      // Two changes within one millisecond must not replace one another by chance.
      const updated = Math.max(Date.now(), this.#lastWritten + 1, (this.#known.get(id)?.updated ?? 0) + 1);
      this.#lastWritten = updated;
      return { id, updated, body };
    });
    const rows = changes.map(({ id, updated, body }) =>
      JSON.stringify([this.#kind, id, updated, JSON.stringify(body)]),
    );
    await this.#clickhouse.insert('fleet', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${rows.join('\n')}\n`)],
    });
    for (const { id, updated, body } of changes) this.#keep(id, updated, body);
  }

  #keep(id: string, updated: number, body: T | null): void {
    this.#newest = Math.max(this.#newest, updated);
    if (updated >= (this.#known.get(id)?.updated ?? 0)) this.#known.set(id, { updated, body });
  }
}
