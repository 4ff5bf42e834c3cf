import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { NGINX_TEST, startNginx } from '../nginx-server.ts';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const TOKENS = { READ_TOKEN: 'read-secret', INGEST_TOKEN: 'ingest-secret', ADMIN_TOKEN: 'admin-secret' };
const SESSION = '/api/v1/session';
const OWN = { 'X-Requested-With': 'logplane' };

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** The address of loopback from which it is sent. */
  readonly from?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
}

function send(
  url: string,
  { method = 'GET', headers = {}, body, from = '127.0.0.1' }: Sent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers,
      localAddress: from,
      family: 4,
      rejectUnauthorized: false,
      agent: false,
    };
    request(url, options, (response) => {
      text(response).then((read) => {
        const cookie = response.headers['set-cookie']?.[0] ?? '';
        resolve({ status: response.statusCode!, text: read, cookie });
      }, reject);
    })
      .once('error', reject)
      .end(body);
  });
}

/** Signs in as a page of `origin` does. */
function signIn(url: string, headers: Record<string, string>, token = 'admin-secret', from?: string) {
  return send(`${url}${SESSION}`, {
    method: 'POST',
    body: JSON.stringify({ token }),
    headers,
    ...(from !== undefined && { from }),
  });
}

/** The block that the documentation gives, with the address of a server. */
function documentedBlock(server: string): string {
  const page = readFileSync(join(PROJECT_FOLDER, 'docs/operations.md'), 'utf8');
  const block = /```nginx\n(.*?)```/s.exec(page)![1]!;
  return block.replace('http://127.0.0.1:8004', server);
}

t.test('behind nginx', NGINX_TEST, async (t) => {
  const server = await startHere({
    DATA_DIR: temporaryFolder(),
    ...TOKENS,
    PUBLIC_URL: 'https://logs.example:8443',
    TRUST_PROXY: '127.0.0.1',
  });
  t.teardown(() => server.close());

  await t.test('that passes on requests and nothing else', async (t) => {
    const url = await startNginx(t, `location / { proxy_pass ${server.url}; }`);
    const browser = { Origin: url, 'Sec-Fetch-Site': 'same-origin' };

    const signedIn = await signIn(url, browser);
    t.equal(signedIn.status, 200, signedIn.text);
    const cookie = { Cookie: signedIn.cookie.split(';', 1)[0]! };
    const change = { method: 'DELETE', headers: { ...browser, ...cookie } };
    const forged = await send(`${url}${SESSION}`, change);
    t.equal(forged.status, 403, 'the cookie alone changes nothing');
    const made = await send(`${url}/api/v1/alerts/silences`, {
      method: 'POST',
      headers: { ...browser, ...cookie, ...OWN, 'Content-Type': 'application/json' },
      body: '{}',
    });
    t.equal(made.status, 400, 'a change is let in, and looked at');
    t.equal(
      (await send(`${url}${SESSION}`, { ...change, headers: { ...change.headers, ...OWN } })).status,
      200,
    );

    for (const site of ['cross-site', 'same-site']) {
      const foreign = await signIn(url, { Origin: 'https://evil.example', 'Sec-Fetch-Site': site });
      t.equal(foreign.status, 403, site);
      t.match(foreign.text, /pages of https:\/\/evil\.example may not change/);
    }
    const unsaid = await signIn(url, { Origin: url });
    t.equal(unsaid.status, 403, 'a browser over plain HTTP does not say from which site it comes');
    t.match(unsaid.text, /asked as .*127\.0\.0\.1:\d+.*proxy_set_header Host \$http_host.*PUBLIC_URL/);
    t.equal((await signIn(url, { Origin: 'null' })).status, 403);
  });

  await t.test('whose address PUBLIC_URL names', async (t) => {
    const url = await startNginx(t, `location / { proxy_pass ${server.url}; }`);
    const signedIn = await signIn(url, { Origin: 'https://logs.example:8443' });
    t.equal(signedIn.status, 200);
    const headers = {
      Origin: 'https://logs.example:8443',
      Cookie: signedIn.cookie.split(';', 1)[0]!,
      ...OWN,
    };
    t.equal((await send(`${url}${SESSION}`, { method: 'DELETE', headers })).status, 200);
    for (const origin of ['https://logs.example', 'http://logs.example:8443', 'https://evil.example:8443'])
      t.equal((await signIn(url, { Origin: origin })).status, 403, origin);
  });

  await t.test('with the block of the documentation', async (t) => {
    const url = await startNginx(t, documentedBlock(server.url));
    const browser = { Origin: url };

    const signedIn = await signIn(url, browser);
    t.equal(signedIn.status, 200, signedIn.text);
    t.match(signedIn.cookie, /; Secure$/);

    const guess = (number: number, from: string, forged = '') =>
      signIn(
        url,
        { ...browser, ...(forged !== '' && { 'X-Forwarded-For': forged }) },
        `guess-${number}`,
        from,
      );
    for (let number = 0; number < 100; number++)
      t.equal((await guess(number, '127.0.0.2', `192.0.2.${number}`)).status, 401);
    t.equal((await guess(100, '127.0.0.2', '192.0.2.200')).status, 429, 'whatever it writes itself');
    t.equal((await guess(101, '127.0.0.3')).status, 401, 'another client is none of it');

    const body = `${'{"message":"a body that nginx does not take by itself"}\n'.repeat(40_000)}`;
    const headers = { Authorization: 'Bearer ingest-secret' };
    const ingested = await send(`${url}/logs/ingest`, { method: 'POST', body, headers });
    t.match(JSON.parse(ingested.text), { accepted: 40_000, rejected: 0 });
  });
});

t.test('behind nginx where changes need no token', NGINX_TEST, async (t) => {
  const server = await startHere({ DATA_DIR: temporaryFolder(), BASE_PATH: '/logs' });
  t.teardown(() => server.close());
  const url = await startNginx(
    t,
    `location / { proxy_pass ${server.url}; }
    location /logs/ { proxy_pass ${server.url}/; }`,
  );
  const trigger = (origin: string) =>
    send(`${url}/api/v1/alerts/silences`, {
      method: 'POST',
      body: '{}',
      headers: { Origin: origin, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json' },
    });
  t.equal((await trigger(url)).status, 400, 'localhost is');
  const refused = await trigger('https://logs.example');
  t.equal(refused.status, 403);
  t.match(refused.text, /changes need no token. Set PUBLIC_URL .* ADMIN_TOKEN/);

  await t.test('and that takes off the path', async (t) => {
    const page = await send(`${url}/logs/`, {});
    t.match(page.text, /src="\/logs\/ui\/assets\/page-/);
    for (const base of [`${url}/logs`, server.url, `${server.url}/logs`]) {
      const asset = /\/ui\/assets\/page-\w+\.js/.exec(page.text)![0];
      const answer = base.startsWith('https') ? await send(base + asset, {}) : await fetch(base + asset);
      t.equal(answer.status, 200, base);
    }
    for (const path of ['/logs/ingest', '/logs/logs/ingest']) {
      const answer = await fetch(server.url + path, { method: 'POST', body: `{"message":"by ${path}"}` });
      t.match(await answer.json(), { accepted: 1 }, path);
    }
    t.same(
      await (await fetch(`${server.url}/logs/api/v1/logs/count`))
        .json()
        .then((c) => (c as { total: number }).total),
      2,
    );
  });
});
