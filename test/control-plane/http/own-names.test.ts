import t from 'tap';
import { isLoopback, OwnNames } from '../../../control-plane/http/own-names.ts';

const OWN = [
  ...['localhost', 'LOCALHOST', 'localhost.', 'localhost:8004', 'logs.localhost', 'a.b.LocalHost.:1'],
  ...[
    '127.0.0.1',
    '127.0.0.1:8004',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.0.0.1.',
    '10.1.2.3',
    '8.8.8.8:80',
  ],
  ...[
    '[::1]',
    '[::1]:8004',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:0:0:1]',
    '[fe80::1%eth0]',
    '[fe80::1%25eth0]:80',
    '[2001:db8::1]',
  ],
];
const FOREIGN = [
  ...[
    'evil.example',
    'evil.example:8004',
    'EVIL.example.',
    'localhost.evil.example',
    'notlocalhost',
    'localhost.com',
  ],
  ...[
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io',
    '10.0.0.1.x',
    '127.0.0.1@evil.example',
    'evil.example@127.0.0.1',
  ],
  ...[
    'evil.example/localhost',
    'evil.example#.localhost',
    'localhost\\.evil.example',
    'evil.example?.localhost',
  ],
  ...[
    'evil%2eexample',
    '',
    ' ',
    'a b',
    'localhost, evil.example',
    '[::1].evil.example',
    '[::1',
    '1.2.3.4.5',
    '256.1.1.1',
  ],
  ...['localhost:8004:80', 'l\u00f6calhost', 'xn--localhost-', 'logs.example.com.evil.example'],
];

t.test('loopback names and addresses are own ones, however they are written', async (t) => {
  const names = new OwnNames({ origins: [] });
  for (const host of OWN) t.ok(names.has(host), host);
  for (const host of [...FOREIGN, 'logs.example.com']) t.notOk(names.has(host), host);
});

t.test('so are the hosts of PUBLIC_URL and CORS_ORIGIN, with any port', async (t) => {
  const names = new OwnNames({
    origins: ['https://Logs.example.com', 'http://grafana.example.:3000', 'none'],
  });
  for (const host of [
    'logs.example.com',
    'LOGS.example.com:8004',
    'logs.example.com.',
    'grafana.example',
    ...OWN,
  ])
    t.ok(names.has(host), host);
  for (const host of ['example.com', 'x.logs.example.com', 'none', ...FOREIGN])
    t.notOk(names.has(host), host);
});

t.test('where every site may read so may every name, and no more than that', async (t) => {
  const names = new OwnNames({ origins: ['*'] });
  t.notOk(names.has('evil.example'));
  const request = { headers: { host: 'evil.example' }, url: '/' };
  t.doesNotThrow(() => names.check({ req: request as never }, 'read'));
  t.throws(() => names.check({ req: request as never }, 'change'), /set ADMIN_TOKEN/);
});

t.test('a HOST that is reached from this machine alone', async (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', 'LOCALHOST'])
    t.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'logs', '::ffff:10.0.0.1'])
    t.notOk(isLoopback(host), host);
});
