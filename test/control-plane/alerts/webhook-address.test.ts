import t from 'tap';
import { isAllowEntry, WebhookGuard } from '../../../control-plane/alerts/webhook-address.ts';

const REFUSED = [
  '127.0.0.1',
  'localhost',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '[::1]',
  '[::]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[::ffff:127.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
];

t.test('loopback, private, link-local and metadata addresses are refused', async (t) => {
  const guard = new WebhookGuard([]);
  for (const host of REFUSED) {
    await t.rejects(guard.resolve(host), /ALERT_WEBHOOK_ALLOW does not name/, host);
  }
  t.same(await guard.resolve('93.184.216.34'), { address: '93.184.216.34', family: 4 });
  t.same(await guard.resolve('[2606:4700:4700::1111]'), { address: '2606:4700:4700::1111', family: 6 });
  await t.rejects(guard.resolve('no-such-host.invalid'), /no-such-host.invalid is unknown/);
});

t.test('what is allowed passes, and nothing else', async (t) => {
  const guard = new WebhookGuard(['10.0.0.0/8', '192.168.1.5', 'LOCALHOST', 'fd00::/16']);
  t.equal((await guard.resolve('10.9.9.9')).address, '10.9.9.9');
  t.equal((await guard.resolve('192.168.1.5')).address, '192.168.1.5');
  t.equal((await guard.resolve('[fd00::7]')).address, 'fd00::7');
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
