import { setTimeout } from 'node:timers/promises';

/** Something other than records that a server keeps; each piece of it has a number. */
export interface Promised {
  readonly name: string;
  /** @throws where it was not acknowledged */
  keep(number: number): Promise<void>;
  /** How many of these, all of them acknowledged, the server does not keep. */
  missing(acknowledged: readonly number[]): Promise<number>;
}

const PAUSE_MILLISECONDS = 20;

/** Has a server keep one number after the other, and remembers what it acknowledged. */
export class KeptPromises {
  readonly #promised: Promised;
  readonly #acknowledged: number[] = [];
  readonly #done: Promise<void>;
  #isStopping = false;

  constructor(promised: Promised) {
    this.#promised = promised;
    this.#done = this.#run();
  }

  get name(): string {
    return this.#promised.name;
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  lost(): Promise<number> {
    return this.#promised.missing([...this.#acknowledged]);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let number = 1; !this.#isStopping; number++) {
      await this.#promised.keep(number).then(
        () => this.#acknowledged.push(number),
        () => {},
      );
      await setTimeout(PAUSE_MILLISECONDS);
    }
  }
}

/** What a server keeps besides records, in all the ways in which it keeps things. */
export function promisesOf(url: () => string): Promised[] {
  const ask = async (method: string, path: string, body?: unknown): Promise<any> => {
    const response = await fetch(`${url()}${path}`, {
      method,
      ...(body !== undefined && {
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  /** A document whose content is a number that only rises: it must not go back behind the last one acknowledged. */
  const document = (
    name: string,
    put: (number: number) => Promise<unknown>,
    read: () => Promise<number>,
  ): Promised => ({
    name,
    keep: async (number) => {
      await put(number);
    },
    missing: async (acknowledged) => {
      const last = acknowledged.at(-1) ?? 0;
      return last > 0 && (await read().catch(() => 0)) < last ? 1 : 0;
    },
  });
  const absent = (acknowledged: readonly number[], kept: ReadonlySet<number>) =>
    acknowledged.filter((number) => !kept.has(number)).length;

  return [
    {
      name: 'dead letters',
      keep: async (number) => {
        const body = `no JSON, number ${number};\n${JSON.stringify({ message: 'its neighbour', service: 'letters' })}`;
        const receipt = await ask('POST', '/logs/ingest', body);
        if (receipt.rejected !== 1) throw new Error(`no dead letter: ${JSON.stringify(receipt)}`);
      },
      missing: async (acknowledged) => {
        const most = 1_000;
        const { dead_letters } = await ask('GET', `/api/v1/dead-letters?limit=${most}`);
        const kept = dead_letters.map(({ content }: { content: string }) =>
          Number(/number (\d+);/.exec(content)?.[1]),
        );
        return absent(acknowledged.slice(-most / 2), new Set(kept));
      },
    },
    {
      name: 'deletions',
      keep: async (number) => {
        const batch = Array.from({ length: 20 }, () =>
          JSON.stringify({ message: 'to be deleted', service: 'deleted', batch: number }),
        );
        await ask('POST', '/logs/ingest', batch.join('\n'));
        const query = { q: `service:deleted batch:${number}` };
        const { confirm } = await ask('POST', '/api/v1/logs/delete', query);
        await ask('POST', '/api/v1/logs/delete', { ...query, confirm });
      },
      missing: async (acknowledged) => {
        const response = await fetch(`${url()}/api/v1/logs/export?format=ndjson&q=service:deleted`);
        const back = (await response.text())
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => (JSON.parse(line) as { batch: number }).batch);
        return acknowledged.filter((number) => back.includes(number)).length;
      },
    },
    document(
      'profiles',
      (number) =>
        ask('PUT', '/api/v1/profiles/machine:drill?staged=false', { variables: { REGION: `n${number}` } }),
      async () => {
        const { profile } = await ask('GET', '/api/v1/profiles/machine:drill');
        return Number(profile.variables.REGION.slice(1));
      },
    ),
    document(
      'alert rules',
      (number) =>
        ask('PUT', '/api/v1/alerts/rules/drill', {
          query: 'level:fatal',
          kind: 'count',
          window: '1h',
          threshold: number,
        }),
      async () => (await ask('GET', '/api/v1/alerts/rules/drill')).threshold,
    ),
    {
      name: 'silences',
      keep: async (number) => {
        const to = '2100-01-01T00:00:00Z';
        const { id } = await ask('POST', '/api/v1/alerts/silences', {
          rule: 'drill',
          to,
          comment: String(number),
        });
        // So that the list stays short: every other one is ended again.
        if (number % 2 === 0) await ask('DELETE', `/api/v1/alerts/silences/${id}`);
      },
      missing: async (acknowledged) => {
        const { silences } = await ask('GET', '/api/v1/alerts/silences');
        const kept = new Set<number>(silences.map(({ comment }: { comment: string }) => Number(comment)));
        return acknowledged.filter((number) => kept.has(number) !== (number % 2 === 1)).length;
      },
    },
  ];
}
