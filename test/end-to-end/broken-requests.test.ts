import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { readConfig } from '../../control-plane/config.ts';
import { startServer } from '../../control-plane/server/server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { withoutBuiltInRules } from './start-in-process.ts';

const folder = temporaryFolder();
const defects: string[] = [];
const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: (message: string) => defects.push(message) };
const config = {
  PORT: '0',
  GRPC_PORT: '0',
  DATA_DIR: folder,
  LOG_DIR: `${folder}/logs`,
  ...withoutBuiltInRules(),
};
const server = await startServer(readConfig(config), log);
t.teardown(() => server.close());

const INGEST = 'POST /logs/ingest HTTP/1.1\r\nHost: a\r\n';

function open(text: string) {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

const countOf = async (status: number) => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = `endpoint="post_logs_ingest",status="${status}"\\} (\\d+)`;
  return Number(new RegExp(line).exec(text)?.[1] ?? 0);
};

t.test('a sender that leaves within its body, or sends no HTTP, is no defect of the server', async (t) => {
  const begun = async () => {
    const socket = open(`${INGEST}Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n{"message"`);
    await once(socket, 'data');
    return socket;
  };
  (await begun()).end();
  (await begun()).resetAndDestroy();
  open(`${INGEST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`);
  await until(async () => (await countOf(400)) === 3, 'three answers');
  t.equal(await countOf(500), 0);
  t.same(defects, []);
});

/** Everything that comes back. */
async function answerTo(text: string): Promise<string> {
  const socket = open(text);
  let answer = '';
  socket.on('data', (piece) => {
    answer += piece;
  });
  await once(socket, 'close');
  return answer;
}

t.test('an address that cannot be read is a 400 like any other', async (t) => {
  for (const address of ['http://', 'http://[::1']) {
    const answer = await answerTo(`GET ${address} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    t.match(answer, /^HTTP\/1.1 400 /, address);
    t.match(answer, /\r\n\r\n\{"error":\{"message":"malformed URL in the request line"\}\}$/, address);
  }
  t.same(defects, []);
});

t.test('what cannot be read as a request gets an error in the form of all others', async (t) => {
  const long = 'x'.repeat(20_000);
  for (const [request, status, message] of [
    [`GET /api/v1/logs/search?q=${long} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, 'use POST for longer queries'],
    [`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${long}\r\n\r\n`, 431, 'URL and headers: expected at most'],
    ['GET / b HTTP/1.1\r\n\r\n', 400, 'malformed HTTP request'],
    ['\x16\x03\x01\x02\x00', 400, 'malformed HTTP request'],
    [`${INGEST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400, 'malformed HTTP request'],
    ['GET /health HTTP/1.1\r\n\r\n', 400, 'Host: expected'],
    ['GET /health HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n', 417, 'got \\\\"tea'],
  ] as const) {
    const answer = await answerTo(request);
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), JSON.stringify(request.slice(0, 40)));
    t.match(answer, new RegExp(`\r\n\r\n\\{"error":\\{"message":".*${message}.*"\\}\\}$`));
  }
  const streaming = open('GET /api/v1/logs/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  let streamed = '';
  streaming.on('data', (piece) => {
    streamed += piece;
  });
  await once(streaming, 'data');
  streaming.write('no request\r\n\r\n');
  await once(streaming, 'close');
  t.notMatch(streamed, 'malformed HTTP request', 'not into an answer that is under way');
  t.same(defects, []);
});
