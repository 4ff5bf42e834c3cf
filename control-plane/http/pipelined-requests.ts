import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Beyond so many requests that wait behind the one under way the connection is ended. */
const MAX_WAITING = 32;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Requests of one connection are answered one after the other. HTTP/1.1 lets a client send the next one before it has its answer,
 * and Node begins with all of them at once: a thousand queries, or streams that can never be sent because they stand behind
 * one that does not end.
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
