import type { Parameters } from './address.ts';
import { ApiError, request } from './api.ts';

/** One server-sent event. */
export interface SentEvent {
  /** Empty for an unnamed one. */
  readonly name: string;
  /** The last id that was sent, in this event or before it. */
  readonly id: string;
  readonly data: string;
}

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
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let id = lastId;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop()!;
      const events = blocks.map((block) => {
        const event = parseEvent(block, id);
        id = event.id;
        return event;
      });
      if (events.length > 0) yield events;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new ApiError(0, error instanceof TypeError ? 'The connection broke.' : String(error));
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Comments and fields that matter to `EventSource` alone give an event without data. */
function parseEvent(block: string, lastId: string): SentEvent {
  let name = '';
  let id = lastId;
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('data: ')) data = data === '' ? line.slice(6) : `${data}\n${line.slice(6)}`;
    else if (line.startsWith('id: ')) id = line.slice(4);
    else if (line.startsWith('event: ')) name = line.slice(7);
  }
  return { name, id, data };
}
