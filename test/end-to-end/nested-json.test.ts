import t from 'tap';
import { serve } from './serve.ts';

/** JSON of any depth can be read, but writing it again overflows the stack; it is 3 bytes of request for each level. */
const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

t.test('endlessly nested JSON breaks nothing and is kept as text', async (t) => {
  const server = await serve(t);
  const post = async (path: string, body: string) => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(server.url + path, { method: 'POST', body, headers });
    return { status: response.status, text: await response.text() };
  };

  const record = `{"message":"out of memory","level":"error","job_id":"77","odd":${DEEP}}`;
  t.equal((await post('/logs/ingest', record)).status, 200);
  for (const path of ['/api/v1/logs/recent', '/api/v1/logs/search']) {
    const response = await fetch(server.url + path);
    t.equal(response.status, 200, path);
    const text = await response.text();
    t.ok(text.includes(JSON.stringify(record)), `${path}: its text is the message`);
    t.ok(text.includes('"too_large":"depth"'), path);
    t.ok(text.includes('"level":"ERROR"'), `${path}: the level is read out of the text`);
  }

  const posted = await post('/api/v1/logs/search', `{"q":${DEEP}}`);
  t.equal(posted.status, 400);
  t.match(posted.text, /nested less deeply/);

  const value = `${'{"arrayValue":{"values":['.repeat(5_000)}{}${']}}'.repeat(5_000)}`;
  const otlp = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${value}},{"body":{"stringValue":"fine"}}]}]}]}`;
  t.match(JSON.parse((await post('/v1/logs', otlp)).text), { accepted: 2, rejected: 0 });
});
