import { maxHeaderSize, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests that Node rejects by itself, by the code of its error. */
const REFUSALS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    `URL and headers: expected at most ${maxHeaderSize} bytes together; use POST for longer queries`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    'the request did not arrive completely in time; send it again',
  ],
};
const MALFORMED = ['400 Bad Request', 'malformed HTTP request'] as const;

/** Answers requests that reach no handler because they cannot be parsed, in the form of all errors. */
export function answerRefused(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, answer) => answers.set(request.socket, answer));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    const isAnswering = answer?.headersSent && !answer.writableFinished;
    if (socket.writable && !isAnswering) {
      const [status, message] = REFUSALS[error.code ?? ''] ?? MALFORMED;
      const body = bodyOf(message);
      socket.write(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
    socket.destroy(error);
  });
  server.on('checkExpectation', ({ headers }, answer) =>
    refuse(answer, 417, `Expect: expected 100-continue, got "${headers.expect}"`),
  );
}

/** Replaces Node's own check, which answers without a body. With two hosts it is unknown which one a proxy used. */
export function requireHost(answer: RequestListener): RequestListener {
  return (request, response) => {
    const hosts = countHosts(request.rawHeaders);
    if (hosts === 1 || (hosts === 0 && request.httpVersion !== '1.1')) answer(request, response);
    else
      refuse(
        response,
        400,
        `Host: expected one header with the name or address of this server, got ${hosts || 'none'}`,
      );
  };
}

/** @param rawHeaders names and values in turn */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}

function refuse(answer: ServerResponse, status: number, message: string): void {
  const body = bodyOf(message);
  answer.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  answer.end(body);
}

function bodyOf(message: string): string {
  return JSON.stringify({ error: { message } });
}
