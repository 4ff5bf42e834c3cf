import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Session } from 'chdb';

/**
 * ClickHouse's HTTP interface before an embedded engine: as much of it as `@clickhouse/client` uses. There is
 * no ClickHouse server where the tests run; this one parses, plans and answers with the same engine.
 */
export async function startClickHouseHttp(
  path: string,
): Promise<{ url: string; server: Server; close(): Promise<void> }> {
  const session = new Session(path);
  /** An INSERT whose rows stand in a body. The embedded engine takes binary formats from files only. */
  const fromFile = (query: string, rows: Buffer): string => {
    const file = join(path, 'body');
    writeFileSync(file, rows);
    return query.replace(/ (SETTINGS .*)?FORMAT /, ` FROM INFILE ${quote(file)}$&`);
  };
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const settings = [...searchParams].flatMap(([name, value]) => {
      if (name.startsWith('param_')) return `SET ${name} = ${quote(value)};`;
      return FOREIGN.has(name) ? [] : `SET ${name} = ${/^\d+$/.test(value) ? value : quote(value)};`;
    });
    const database = searchParams.get('database') ?? 'default';
    const query = searchParams.get('query');
    try {
      const statement = query === null ? body.toString() : fromFile(query, body);
      const result = await session.queryAsync(`USE "${database}"; ${settings.join(' ')} ${statement}`);
      response.end(Buffer.from(result.bytes()));
    } catch (error) {
      const message = (error as Error).message;
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': /Code: (\d+)/.exec(message)?.[1] ?? '0' });
      response.end(message);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      session.close();
    },
  };
}

/** What belongs to HTTP and not to the engine. */
const FOREIGN = new Set([
  'query',
  'query_id',
  'database',
  'session_id',
  'default_format',
  'wait_end_of_query',
  'enable_http_compression',
  'cancel_http_readonly_queries_on_client_close',
]);

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
