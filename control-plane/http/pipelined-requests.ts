import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection with more waiting requests is closed. */
const MAX_WAITING = 32;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Answers the requests of one connection one after the other. HTTP/1.1 lets a client send the next request before it has the response,
 * and Node would begin all of them at once: a thousand queries, or streams that can never be sent because they wait behind one without
 * an end.
 */
export function oneAtATime(answer: RequestListener): RequestListener {
  const connections = new WeakMap<Socket, Waiting[]>();
  const begin = (socket: Socket, waiting: Waiting[], { request, response }: Waiting) => {
    response.once('close', () => {
      const next = waiting.shift();
      if (!next) connections.delete(socket);
      else if (!socket.destroyed) begin(socket, waiting, next);
    });
    answer(request, response);
  };
  return (request, response) => {
    const { socket } = request;
    const waiting = connections.get(socket);
    if (!waiting) {
      const queue: Waiting[] = [];
      connections.set(socket, queue);
      begin(socket, queue, { request, response });
    } else if (waiting.length < MAX_WAITING) waiting.push({ request, response });
    else socket.destroy();
  };
}
