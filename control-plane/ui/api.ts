import { addressOf, type Parameters } from './address.ts';
import { browserPath } from './base-path.ts';
import { pendingRecords } from './pending-records.ts';
import { session } from './session.ts';
import { parseJson } from './text/exact-json.ts';

/** An answer of the server that is no success. Its message is written for people. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Asks the server for JSON; undefined where the answer is empty. @throws ApiError */
export async function ask<T>(
  path: string,
  parameters: Parameters = {},
  options: AskOptions = {},
): Promise<T> {
  const response = await request(path, parameters, options);
  return (response.status === 204 ? undefined : parseJson(await response.text())) as T;
}

/** The same for a text. @throws ApiError */
export async function askText(
  path: string,
  parameters: Parameters = {},
  options: AskOptions = {},
): Promise<string> {
  return (await request(path, parameters, options)).text();
}

/** The answer itself, whose status is a success. @throws ApiError */
export async function request(
  path: string,
  parameters: Parameters,
  { method = 'GET', body, signal }: AskOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const response = await fetch(browserPath(addressOf(path, parameters)), {
    method,
    headers: {
      ...headers,
      ...(method !== 'GET' && { 'X-Requested-With': 'logplane' }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer.');
  });
  if (response.ok) {
    if (path.startsWith('/api/v1/logs/') && !path.endsWith('/stream')) pendingRecords.seen(response.headers);
    return response;
  }
  const message = await errorMessage(response);
  if (response.status === 401) session.refused(message);
  throw new ApiError(response.status, message);
}

async function errorMessage(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
