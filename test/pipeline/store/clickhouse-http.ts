import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Session } from 'chdb';
import { ResourcePool } from '../../../pipeline/store/resource-pool.ts';

/** What goes wrong with requests: an answer of 500, a connection that is cut, after the work or in the answer, slowness. */
export type HttpFault = 'none' | 'error' | 'cut' | 'cut-after' | 'slow';

export interface ClickHouseHttp {
  readonly url: string;
  readonly server: Server;
  setFault(fault: HttpFault): void;
  close(): Promise<void>;
}

const SESSIONS = 6;
const SLOW_MILLISECONDS = 300;

/**
 * ClickHouse's HTTP interface before an embedded engine: as much of it as `@clickhouse/client` uses. There is
 * no ClickHouse server where the tests run; this one parses, plans and answers with the same engine.
 */
export async function startClickHouseHttp(path: string, port = 0, version?: string): Promise<ClickHouseHttp> {
  const sessions = Array.from({ length: SESSIONS }, () => new Session(path));
  const pool = new ResourcePool('statements', sessions, 10_000);
  let fault: HttpFault = 'none';
  let bodies = 0;

  const run = async (request: IncomingMessage): Promise<Buffer> => {
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
    const file = `${path}-body-${++bodies}`;
    const statement = query === null ? body.toString() : fromFile(query, body, file);
    if (version !== undefined && /^SELECT version\(\)/.test(statement))
      return Buffer.from(`["${version}"]\n`);
    const session = await pool.take();
    try {
      // A session keeps its settings; this one is one statement's alone.
      const token = searchParams.has('insert_deduplication_token')
        ? ''
        : "SET insert_deduplication_token = '';";
      const result = await session.queryAsync(
        `USE "${database}"; ${token} ${settings.join(' ')} ${statement}`,
      );
      return Buffer.from(result.bytes());
    } catch (error) {
      // What it had put out by then would stand in the next answer.
      await session.queryAsync('SELECT 1', { format: 'Null' });
      throw error;
    } finally {
      rmSync(file, { force: true });
      pool.release(session);
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (fault === 'cut') return void request.socket.destroy();
    if (fault === 'error') {
      response.writeHead(500).end('Code: 210. DB::NetException: the fixture fails');
      return;
    }
    if (fault === 'slow') await setTimeout(SLOW_MILLISECONDS);
    try {
      const bytes = await run(request);
      if (fault === 'cut-after') {
        response.writeHead(200, { 'Content-Length': bytes.length + 100 });
        response.write(bytes, () => response.destroy());
        return;
      }
      response.end(bytes);
    } catch (error) {
      const message = (error as Error).message;
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': /Code: (\d+)/.exec(message)?.[1] ?? '0' });
      response.end(message);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    setFault(next) {
      fault = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.close();
    },
  };
}

/** An INSERT whose rows stand in a body. The embedded engine takes binary formats from files only. */
function fromFile(query: string, rows: Buffer, file: string): string {
  writeFileSync(file, rows);
  return query.replace(/ (SETTINGS .*)?FORMAT /, ` FROM INFILE ${quote(file)}$&`);
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
