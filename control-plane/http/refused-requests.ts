import { maxHeaderSize, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What Node refuses by itself, by the code of its error. */
const REFUSALS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    `address and header of a request may have ${maxHeaderSize} bytes together; questions that are longer can be posted`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come to its end in time'],
};
const NO_HTTP = ['400 Bad Request', 'what came is no HTTP request'] as const;

/** Gives the requests that come to no handler, because they cannot be read, an answer in the form of all errors. */
export function answerRefused(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, answer) => answers.set(request.socket, answer));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    const isAnswering = answer?.headersSent && !answer.writableFinished;
    if (socket.writable && !isAnswering) {
      const [status, message] = REFUSALS[error.code ?? ''] ?? NO_HTTP;
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

/** Node's own check, which answers without a word, is to be off. Of two hosts nobody knows which one a proxy looked at. */
export function requireHost(answer: RequestListener): RequestListener {
  return (request, response) => {
    const hosts = countHosts(request.rawHeaders);
    if (hosts === 1 || (hosts === 0 && request.httpVersion !== '1.1')) answer(request, response);
    else refuse(response, 400, `Host: expected the name or address of this server, got ${hosts || 'none'}`);
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
