import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import t, { type Test } from 'tap';
import { createRequestLog } from '../../logger/koa-request-log.ts';
import { createLogger } from '../../logger/logger.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { until } from '../until.ts';

const PAGE = readFileSync(resolve(PROJECT_FOLDER, 'docs/logging.md'), 'utf8');

/** Runs the code block behind a line of docs/logging.md, as it stands there, with what its surroundings would give it. */
function runSnippet(heading: string, given: Readonly<Record<string, unknown>>): void {
  const code = PAGE.slice(PAGE.indexOf(`${heading}\n`)).match(/```ts\n([\s\S]*?)```/)?.[1];
  if (code === undefined) throw new Error(`docs/logging.md has no code below "${heading}"`);
  // The imports name the package, which is not installed here: its parts are given.
  new Function(...Object.keys(given), code.replaceAll(/^import .*\n/gm, ''))(...Object.values(given));
}

/** Asks an application for two addresses; gives the entries that its log has then, as many as are expected. */
async function askBoth(
  t: Test,
  answer: RequestListener,
  dir: string,
  expected = 2,
): Promise<Record<string, unknown>[]> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const path of ['/jobs/7?full=1', '/none']) {
    await (await fetch(url + path, { headers: { connection: 'close' } })).text();
  }
  const file = join(dir, 'api.log');
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
  await until(() => read().length >= expected, 'the lines of the log');
  return read().map((line) => JSON.parse(line));
}

t.test('Express', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ service: 'api', dir });
  const app = express();
  runSnippet('With Express:', { app, logger });
  app.get('/jobs/:id', (_, response) => void response.status(201).send('made'));
  const entries = await askBoth(t, app, dir);
  await logger.close();
  const response = { message: 'Outgoing response', type: 'response', method: 'GET', duration_ms: Number };
  t.match(entries, [
    { ...response, url: '/jobs/7?full=1', endpoint: '/jobs/:id', status_code: 201 },
    { ...response, url: '/none', endpoint: null, status_code: 404 },
  ]);
});

t.test('Fastify', async (t) => {
  const dir = t.testdir();
  const logger = createLogger({ service: 'api', dir });
  const app = fastify();
  runSnippet('With Fastify:', { app, logger });
  app.get('/jobs/:id', async (_, reply) => reply.status(201).send('made'));
  await app.ready();
  const entries = await askBoth(t, app.routing, dir);
  await app.close();
  await logger.close();
  const response = { message: 'Outgoing response', type: 'response', method: 'GET', duration_ms: Number };
  t.match(entries, [
    { ...response, url: '/jobs/7?full=1', endpoint: '/jobs/:id', status_code: 201 },
    { ...response, url: '/none', endpoint: null, status_code: 404 },
  ]);
});

t.test('Koa', async (t) => {
  const dir = t.testdir();
  const app = new Koa();
  const opened: ReturnType<typeof createLogger>[] = [];
  const createHere: typeof createLogger = (options) => {
    const logger = createLogger({ ...options, dir });
    opened.push(logger);
    return logger;
  };
  runSnippet('# Log from an application', { app, createLogger: createHere, createRequestLog });
  app.use((context) => {
    if (context.path.startsWith('/jobs/')) context.body = 'made';
  });
  const entries = await askBoth(t, app.callback(), dir, 5);
  for (const logger of opened) await logger.close();
  t.match(entries, [
    { message: 'Job processing started', job_id: 'job-123' },
    { type: 'request', method: 'GET' },
    { type: 'response', status_code: 200, duration_ms: Number },
    { type: 'request' },
    { type: 'response', status_code: 404, level: 'ERROR', content_type: null },
  ]);
});
