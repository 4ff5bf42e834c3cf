import type { IncomingMessage } from 'node:http';

/**
 * Resolves to the text of a request's body when all of it has come, and leaves the reading to the handler: a listener for `data` would
 * start the flow before the handler is there. undefined where the body is longer than `limit` bytes or is cut off.
 */
export function captureBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const push = request.push.bind(request);
    request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      size += chunk?.length ?? 0;
      if (chunk && size <= limit) pieces.push(chunk);
      if (!chunk) resolve(size <= limit ? Buffer.concat(pieces).toString() : undefined);
      return push(chunk, encoding);
    };
    request.once('close', () => resolve(undefined));
  });
}
