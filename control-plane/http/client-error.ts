/** How a stream fails when its reader closes the connection. */
const CLIENT_LEFT = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

/** True for an error that the client caused: it disconnected or sent malformed HTTP (codes of Node's parser begin with HPE). */
export function isOfClient(error: unknown): boolean {
  // The engine's codes are numbers, and anything may be thrown.
  const code = String((error as { code?: unknown } | null | undefined)?.code ?? '');
  return CLIENT_LEFT.has(code) || code.startsWith('HPE_');
}
