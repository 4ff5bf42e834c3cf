import t from 'tap';
import { networks, origins } from '../../control-plane/setting-types.ts';

t.test('networks are addresses and networks in full', async (t) => {
  for (const text of ['', '127.0.0.1', '::1', '10.0.0.0/8, fd00::/8', '0.0.0.0/0', '2001:DB8:0::1'])
    t.ok(networks.safeParse(text).success, text);
  for (const text of [
    '8',
    'proxy.example',
    '10.0.0.0/33',
    '10.0.0/8/8',
    '*',
    'true',
    '::1/129',
    '127.1',
    '10/8',
  ])
    t.notOk(networks.safeParse(text).success, text);
});

t.test('origins have no path and no further part', async (t) => {
  for (const text of ['', 'https://portal.example', 'http://localhost:3000, https://*.hpc.example'])
    t.ok(origins.safeParse(text).success, text);
  for (const text of [
    '*',
    'portal.example',
    'https://a/b',
    'https://a; script-src *',
    "'self'",
    'https://*',
    'ftp://a',
  ])
    t.notOk(origins.safeParse(text).success, text);
});
