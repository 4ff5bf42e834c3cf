import t from 'tap';
import {
  isAllowEntry,
  WebhookGuard,
} from '../../../../../control-plane/features/alerts/notify/webhook-address.ts';

/** One address of each special-purpose range of IANA's registries, and every way to write an IPv4 address within IPv6. */
const REFUSED = [
  ...['0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254'],
  ...[
    '169.254.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.0.192',
    '192.0.2.1',
  ],
  ...[
    '192.31.196.1',
    '192.52.193.1',
    '192.88.99.1',
    '192.168.1.1',
    '192.175.48.1',
    '198.18.0.1',
    '198.19.255.255',
  ],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
  ...['168.63.129.16', 'localhost'],
  ...['[::]', '[::1]', '[::2]', '[::7f00:1]', '[::127.0.0.1]', '[::a00:1]'],
  ...['[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[0:0:0:0:0:ffff:7f00:1]', '[::ffff:10.0.0.1]'],
  ...['[::ffff:0:127.0.0.1]', '[::ffff:0:7f00:1]', '[::ffff:0:8.8.8.8]'],
  ...['[64:ff9b::7f00:1]', '[64:ff9b::8.8.8.8]', '[64:ff9b:1::a00:1]', '[64:ff9b:1:ffff::1]'],
  ...[
    '[100::1]',
    '[2001::1]',
    '[2001:0:7f00:1::]',
    '[2001:2::1]',
    '[2001:3::1]',
    '[2001:4:112::1]',
    '[2001:10::1]',
  ],
  ...[
    '[2001:20::1]',
    '[2001:30::1]',
    '[2001:1ff::1]',
    '[2001:db8::1]',
    '[2002:7f00:1::]',
    '[2002:808:808::1]',
  ],
  ...['[2620:4f:8000::1]', '[3fff::1]', '[3fff:fff::1]', '[5f00::1]', '[4000::1]', '[8000::1]', '[1::1]'],
  ...[
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[febf::1]',
    '[fec0::]',
    '[feff::1]',
    '[ff02::1]',
    '[ff0e::1]',
  ],
];
const PUBLIC = [
  '93.184.216.34',
  '8.8.8.8',
  '1.1.1.1',
  '223.255.255.254',
  '2606:4700:4700::1111',
  '2a00:1450:4001::1',
];

t.test('loopback, private, link-local and metadata addresses are refused', async (t) => {
  const guard = new WebhookGuard([]);
  for (const host of REFUSED) {
    await t.rejects(guard.resolve(host), /ALERT_WEBHOOK_ALLOW does not name/, host);
  }
  for (const address of PUBLIC) {
    const family = address.includes(':') ? 6 : 4;
    t.same(await guard.resolve(family === 6 ? `[${address}]` : address), { address, family });
  }
  await t.rejects(guard.resolve('no-such-host.invalid'), /no-such-host.invalid is unknown/);
});

t.test('what is allowed passes, and nothing else', async (t) => {
  const guard = new WebhookGuard(['10.0.0.0/8', '192.168.1.5', 'LOCALHOST', 'fd00::/16']);
  t.equal((await guard.resolve('10.9.9.9')).address, '10.9.9.9');
  t.equal((await guard.resolve('192.168.1.5')).address, '192.168.1.5');
  t.equal((await guard.resolve('[fd00::7]')).address, 'fd00::7');
  t.equal((await guard.resolve('[::ffff:10.9.9.9]')).address, '::ffff:10.9.9.9');
  await t.rejects(guard.resolve('[::ffff:0:10.9.9.9]'), 'which a translator may send elsewhere');
  t.match((await guard.resolve('localhost')).address, /^(127\.0\.0\.1|::1)$/);
  await t.rejects(guard.resolve('192.168.1.6'));
  await t.rejects(guard.resolve('127.0.0.1'), 'a name that is allowed does not allow its address');
});

t.test('entries of the setting are checked', async (t) => {
  for (const entry of ['hooks.example.com', '10.0.0.0/8', '::1', 'fd00::/8', 'my_host'])
    t.ok(isAllowEntry(entry), entry);
  for (const entry of ['10.0.0.0/33', 'http://x', 'a/b', '10.0.0.0/8/8', 'host:80'])
    t.notOk(isAllowEntry(entry), entry);
});
