import t from 'tap';
import { serve } from './serve.ts';

/** JSON of any depth can be read, but writing it again overflows the stack; it is 3 bytes of request for each level. */
const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

t.test('endlessly nested JSON breaks nothing and is kept as text', async (t) => {
  const server = await serve(t, { ADMIN_TOKEN: 'secret' });
  const post = async (path: string, body: string) => {
    const headers = { 'Content-Type': 'application/json', 'X-Admin-Token': 'secret' };
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
  t.match(posted.text, /at most 100 nested levels/);

  // What a route does with a value is its own: none gets one that it cannot write.
  for (const [path, body] of [
    ['/admin/nodes/n/logs', `{"message":"x","odd":${DEEP}}`],
    ['/api/v1/templates/fluent-bit-worker.conf/render', `{"variables":{"MACHINE_ID":${DEEP}}}`],
    ['/api/v1/alerts/test', `{"rule":${DEEP}}`],
  ] as const)
    t.equal((await post(path, body)).status, 400, path);
  const brackets = JSON.stringify({ message: '[{'.repeat(1_000) + '\\"['.repeat(200) });
  t.equal((await post('/admin/nodes/n/logs', brackets)).status, 200, 'brackets in a text are none');

  const value = `${'{"arrayValue":{"values":['.repeat(5_000)}{}${']}}'.repeat(5_000)}`;
  const otlp = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${value}},{"body":{"stringValue":"fine"}}]}]}]}`;
  t.match(JSON.parse((await post('/v1/logs', otlp)).text), { accepted: 2, rejected: 0 });
});
