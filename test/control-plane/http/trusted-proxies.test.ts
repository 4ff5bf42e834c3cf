import type { Context } from 'koa';
import t from 'tap';
import { TrustedProxies } from '../../../control-plane/http/trusted-proxies.ts';

interface Read {
  readonly ip: string | undefined;
  readonly host: string | undefined;
  readonly protocol: string | undefined;
}

/** What a request is taken for; undefined: as it came. */
async function read(entries: string[], peer: string, headers: Record<string, string>): Promise<Read> {
  const request: Partial<Record<'ip' | 'protocol', string>> = {};
  const req = { socket: { remoteAddress: peer }, headers: {} as Record<string, string> };
  const context = { req, request, get: (name: string) => headers[name] ?? '' };
  await new TrustedProxies(entries).middleware(context as unknown as Context, async () => {});
  return { ip: request.ip, host: req.headers.host, protocol: request.protocol };
}

const AS_IT_CAME = { ip: undefined, host: undefined, protocol: undefined };

t.test('headers are read from trusted proxies alone', async (t) => {
  const headers = {
    'X-Forwarded-For': '192.0.2.7',
    'X-Forwarded-Host': 'logs.example',
    'X-Forwarded-Proto': 'https',
  };
  const believed = { ip: '192.0.2.7', host: 'logs.example', protocol: 'https' };
  for (const [entries, peer, expected] of [
    [[], '127.0.0.1', AS_IT_CAME],
    [['127.0.0.1'], '127.0.0.1', believed],
    [['127.0.0.1'], '::ffff:127.0.0.1', believed],
    [['127.0.0.1'], '127.0.0.2', AS_IT_CAME],
    [['10.0.0.0/8', 'fd00::/8'], '10.255.1.2', believed],
    [['10.0.0.0/8', 'fd00::/8'], 'fd12::1', believed],
    [['10.0.0.0/8', 'fd00::/8'], 'fe80::1', AS_IT_CAME],
    [['10.0.0.0/8'], '', AS_IT_CAME],
  ] as const)
    t.same(await read([...entries], peer, headers), expected, `${entries} and ${peer}`);
});

t.test('the client is the nearest address that is no trusted proxy', async (t) => {
  const trusted = ['127.0.0.1', '10.0.0.0/8'];
  for (const [forwarded, expected] of [
    ['192.0.2.7', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['10.9.9.9, 192.0.2.7', '192.0.2.7'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['2001:db8::7', '2001:db8::7'],
    ['192.0.2.7:51234', '192.0.2.7'],
    ['[2001:db8::7]:51234', '2001:db8::7'],
    ['unknown', '127.0.0.1'],
    ['192.0.2.7, _hidden, 10.0.0.2', '10.0.0.2'],
    [' , ', '127.0.0.1'],
    ['', '127.0.0.1'],
  ] as const)
    t.equal((await read(trusted, '127.0.0.1', { 'X-Forwarded-For': forwarded })).ip, expected, forwarded);
});

t.test('of several names and protocols the one counts that the outermost trusted proxy wrote', async (t) => {
  const trusted = ['127.0.0.1', '10.0.0.0/8'];
  const with2 = { 'X-Forwarded-For': '192.0.2.7, 10.0.0.2' };
  for (const [headers, host, protocol] of [
    [{ 'X-Forwarded-Host': 'evil.example, logs.example' }, 'logs.example', undefined],
    [{ ...with2, 'X-Forwarded-Host': 'evil.example, logs.example, inner' }, 'logs.example', undefined],
    [{ ...with2, 'X-Forwarded-Host': 'logs.example' }, 'logs.example', undefined],
    [{ 'X-Forwarded-Proto': 'https, http' }, undefined, 'http'],
    [{ ...with2, 'X-Forwarded-Proto': 'HTTPS, http' }, undefined, 'https'],
    [{ 'X-Forwarded-Proto': 'gopher' }, undefined, undefined],
  ] as const)
    t.match(await read(trusted, '127.0.0.1', headers), { host, protocol }, JSON.stringify(headers));
});
