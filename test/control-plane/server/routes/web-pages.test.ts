import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { readPageFiles } from '../../../../control-plane/http/page-files.ts';
import { serve } from '../../../end-to-end/serve.ts';

const BUNDLE_LIMIT = 150_000;

t.test('the web pages', async (t) => {
  const server = await serve(t);
  const fetchPage = (path: string, headers: Record<string, string> = {}) =>
    fetch(server.url + path, { headers, redirect: 'manual' });
  const html = await (await fetchPage('/api/v1/logs')).text();
  const assets = [...html.matchAll(/\/ui\/assets\/([\w.-]+)/g)].map(([path]) => path);

  await t.test('are there under their addresses and on the front page', async (t) => {
    for (const path of ['/', '/api/v1/logs', '/ui/errors', '/ui/jobs/job?id=1']) {
      const response = await fetchPage(path);
      t.equal(response.status, 200, path);
      t.match(response.headers.get('content-type'), 'text/html');
      t.equal(await response.text(), html);
    }
  });

  await t.test('run their own script and style alone', async (t) => {
    const { headers } = await fetchPage('/api/v1/logs');
    const policy = headers.get('content-security-policy')!;
    t.match(policy, /default-src 'none'/);
    t.match(policy, /script-src 'self';/);
    t.match(policy, /style-src 'self';/);
    t.notMatch(policy, /unsafe|\*|https?:/);
    t.equal(headers.get('x-content-type-options'), 'nosniff');
    t.notMatch(html, /<script>|<style|style=|onload=|https?:\/\//, 'nothing inline, no other host');
  });

  await t.test('are kept for ever under names that hold their content', async (t) => {
    t.equal(assets.length, 3);
    for (const path of assets) {
      const response = await fetchPage(path, { 'accept-encoding': 'identity' });
      t.equal(response.status, 200);
      t.match(response.headers.get('cache-control'), /max-age=31536000, immutable/);
      t.match(path, /-[A-Z0-9]{8}\.\w+$/);
    }
    const page = await fetchPage('/api/v1/logs');
    t.equal(page.headers.get('cache-control'), 'no-cache', 'the page itself is asked for again');
    t.equal(await statusOf(`${server.url}/api/v1/logs`, { 'if-none-match': page.headers.get('etag')! }), 304);
    t.equal((await fetchPage('/ui/assets/page-NONE.js')).status, 404);
    t.equal((await fetchPage('/ui/assets/..%2findex.html')).status, 404);
  });

  await t.test('go over the wire packed, in less than 150 kB', async (t) => {
    const { assets: files } = readPageFiles('');
    let size = 0;
    for (const [name, { body, gzip }] of files) {
      t.same(gunzipSync(gzip!), body, name);
      size += gzip!.length;
    }
    t.ok(size < BUNDLE_LIMIT, `${size} bytes`);
    const response = await fetchPage(assets.find((path) => path.endsWith('.js'))!, {
      'accept-encoding': 'gzip',
    });
    t.equal(response.headers.get('content-encoding'), 'gzip');
    t.match(response.headers.get('vary'), 'Accept-Encoding');
  });
});

/** `fetch` asks past caches when it is given a condition. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
      .on('error', reject);
  });
}
