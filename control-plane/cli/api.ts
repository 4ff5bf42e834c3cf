import { type Command, Option } from 'commander';

export interface ServerOptions {
  readonly server: string;
  readonly token?: string;
}

/** The two options of every command that sends requests to a server. */
export function withServer(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', 'URL of the server')
        .env('LOGPLANE_SERVER')
        .default('http://127.0.0.1:8004'),
    )
    .addOption(
      new Option('--token <token>', 'read, ingest or admin token, as the command needs').env(
        'LOGPLANE_TOKEN',
      ),
    );
}

export interface RequestOptions extends Omit<RequestInit, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>;
  /** Left out of the address where undefined. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

/** Asks the server. @throws Error with the server's own words where it refuses, or why it cannot be reached */
export async function request(
  { server, token }: ServerOptions,
  path: string,
  { query = {}, headers, ...options }: RequestOptions = {},
): Promise<Response> {
  const url = new URL(`${server.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { ...options, headers: { ...authorization, ...headers } }).catch(
    (error: Error & { cause?: Error }) => {
      if (error.name === 'AbortError') throw error;
      throw new Error(`cannot reach ${server}: ${error.cause?.message || error.message}`);
    },
  );
  const pending = response.headers.get('x-pending-records');
  if (pending !== null)
    console.error(
      `logplane: ${pending} acknowledged records cannot be stored now and are missing here; see ${server}/readyz for the reason`,
    );
  if (!response.ok) throw new RefusedError(response.status, await refusal(response), response.headers);
  return response;
}

/** The server answered with an error; its message is the server's. */
export class RefusedError extends Error {
  readonly status: number;
  /** Seconds after which a new attempt makes sense; undefined where the server names none. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, headers: Headers) {
    super(`${message} (${status})`);
    this.status = status;
    this.retryAfter = headers.has('retry-after') ? Number(headers.get('retry-after')) : undefined;
  }
}

async function refusal(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return `the server answered ${response.statusText || 'with an error'}`;
  }
}

export async function getJson<Body>(
  options: ServerOptions,
  path: string,
  query: RequestOptions['query'] = {},
): Promise<Body> {
  return (await (await request(options, path, { query })).json()) as Body;
}
