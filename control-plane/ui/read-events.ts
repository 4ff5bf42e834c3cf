import { EventParser, type SentEvent } from '../http/event-parser.ts';
import type { Parameters } from './address.ts';
import { ApiError, request } from './api.ts';

export interface EventsRequest {
  readonly parameters: Parameters;
  /** Go on behind this event. */
  readonly lastId: string;
  readonly signal: AbortSignal;
  /** The answer is here: from now on no event is missed. */
  readonly onOpen: () => void;
}

/**
 * Reads a stream of server-sent events, in as many at once as came. In place of `EventSource`, which takes what comes
 * however slow the page is, and tells neither the status nor the reason when a stream is refused; here a page that
 * cannot follow stops reading, and the server sees it and tells what it left out.
 * @throws ApiError when it is refused, or when the connection breaks (status 0)
 */
export async function* readEvents(
  path: string,
  { parameters, lastId, signal, onOpen }: EventsRequest,
): AsyncGenerator<SentEvent[]> {
  const headers = { Accept: 'text/event-stream', ...(lastId !== '' && { 'Last-Event-ID': lastId }) };
  const response = await request(path, parameters, { signal }, headers);
  onOpen();
  // Nothing more will come.
  if (response.status === 204) return;
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser(lastId);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = parser.push(value);
      if (events.length > 0) yield events;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new ApiError(0, error instanceof TypeError ? 'The connection was lost.' : String(error));
  } finally {
    reader.cancel().catch(() => {});
  }
}
