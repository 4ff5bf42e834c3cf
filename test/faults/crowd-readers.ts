import { connect } from 'node:net';

/**
 * Live readers of a server, in a process of their own: each follows records with a query and counts what it gets. Message in: the
 * queries; messages out: `ready` when all streams are open, then how many records each has got whenever somebody asks.
 */
const { hostname, port } = new URL(process.argv[2]!);
/** Connections that are made at once; the server's backlog has 511. */
const AT_ONCE = 200;
const EVENT = 'id: ';

function open(query: string, counts: Uint32Array, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let rest = '';
    let isOpen = false;
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.write(
      `GET /api/v1/logs/stream?q=${encodeURIComponent(query)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    socket.on('data', (piece: string) => {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        // The first id is where the stream begins; each further one is a record's.
        if (!line.startsWith(EVENT)) continue;
        if (isOpen) counts[index]!++;
        else resolve();
        isOpen = true;
      }
    });
  });
}

process.on('message', async (message: { readonly queries: readonly string[] } | 'counts') => {
  if (message === 'counts') {
    process.send!({ counts: [...counts] });
    return;
  }
  const { queries } = message;
  counts = new Uint32Array(queries.length);
  for (let from = 0; from < queries.length; from += AT_ONCE) {
    const some = queries.slice(from, from + AT_ONCE);
    await Promise.all(some.map((query, index) => open(query, counts, from + index)));
  }
  process.send!('ready');
});
process.on('disconnect', () => process.exit(0));

let counts = new Uint32Array();
