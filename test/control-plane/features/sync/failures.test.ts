import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import t from 'tap';
import { missingPrograms } from './ssh-server.ts';
import { Syncing } from './syncing.ts';

const missing = missingPrograms();
if (missing) t.plan(0, missing);
else {
  t.test('a source that cannot be reached says why, and is synced once it can', async (t) => {
    const s = await Syncing.start(t, true);
    const ssh = s.ssh!;
    s.write('a.log', 'one\n');
    const down = async (expected: RegExp) => {
      const response = await s.fetch('/sync/trigger', { method: 'POST' });
      t.equal(response.status, 502);
      t.match(await response.json(), { error: { message: expected } });
      const status = await s.json('/sync/status');
      t.match(status, { status: 'down', sources: [{ state: 'down', problem: expected }] });
      const ready = await s.fetch('/readyz');
      t.equal(ready.status, 200);
      t.match(await ready.json(), { status: 'ready', impaired: { 'sync remote': expected } });
      t.match(await (await s.fetch('/metrics')).text(), /^logplane_sync_sources_down 1$/m);
    };

    ssh.newHostKey('host2');
    await ssh.stop();
    await down(/connection refused/);
    await ssh.run('host2');
    await down(/the host key has changed/);
    ssh.trust('host2');
    const key = readFileSync(ssh.key);
    writeFileSync(ssh.key, readFileSync(ssh.otherKey), { mode: 0o600 });
    await down(/login refused: check the user and the key/);
    writeFileSync(ssh.key, key, { mode: 0o600 });
    writeFileSync(ssh.knownHosts, '');
    await down(/the host key is not known/);
    ssh.trust('host2');
    ssh.install('rsync', '#!/bin/sh\necho rsync: not found >&2; exit 127\n');
    await down(/rsync is not installed/);

    rmSync(`${ssh.bin}/rsync`);
    t.match(await s.post('/sync/trigger'), { status: 'success', new_files: 1 });
    t.match(await s.json('/sync/status'), { status: 'ok', sources: [{ state: 'ok', files: 1, bytes: 4 }] });
    t.same(await s.messages('file_path:*a.log'), ['one']);
  });

  t.test('files and folders that cannot be read are reported, and affect no other', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('a.log', 'one\n');
    s.write('b.log', 'two\n');
    s.write('closed/c.log', 'three\n');
    chmodSync(s.remote('b.log'), 0o000);
    chmodSync(s.remote('closed'), 0o000);
    // To root every file is open: the real rsync reads as somebody else.
    const asRoot = userInfo().username === 'root';
    if (asRoot) {
      const drop = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
      s.ssh!.install('rsync', `#!/bin/sh\nexec ${drop} /usr/bin/rsync "$@"\n`);
      chmodSync(s.folder, 0o755);
    }
    t.match(await s.post('/sync/trigger'), { status: 'success', new_files: 1, changed_files: 0 });
    const [source] = (await s.json('/sync/status')).sources;
    t.equal(source.state, 'ok');
    for (const name of ['b.log', 'closed']) {
      const warning = new RegExp(`${name}" failed: Permission denied|${name}": Permission denied`);
      t.ok(
        source.last_result.warnings.some((line: string) => warning.test(line)),
        `${name}: ${JSON.stringify(source.last_result.warnings)}`,
      );
    }
    const warnings = s.warnings.length;
    t.match(await s.post('/sync/trigger'), { status: 'success', new_files: 0, changed_files: 0 });
    t.equal(s.warnings.length, warnings, 'reported once');
    t.same(await s.messages('file_path:*'), ['one']);

    chmodSync(s.remote('b.log'), 0o644);
    chmodSync(s.remote('closed'), 0o755);
    t.match(await s.post('/sync/trigger'), { status: 'success', new_files: 2 });
    t.same((await s.messages('file_path:*')).sort(), ['one', 'three', 'two']);
    t.same((await s.json('/sync/status')).sources[0].last_result.warnings, []);
  });

  t.test('a source that is down holds up no other', async (t) => {
    const s = await Syncing.start(t, true);
    await s.stopServer();
    const file = `${s.folder}/sources.yaml`;
    mkdirSync(`${s.folder}/mounted/logs/x`, { recursive: true });
    writeFileSync(`${s.folder}/mounted/logs/a.log`, 'mounted\n');
    s.write('a.log', 'from the cluster\n');
    const { SSH_USER, SSH_PORT, SSH_KEY, SSH_KNOWN_HOSTS, REMOTE_BASE_PATH } = s.settings;
    const login = {
      host: '127.0.0.1',
      user: SSH_USER,
      port: Number(SSH_PORT),
      key: SSH_KEY,
      known_hosts: SSH_KNOWN_HOSTS,
    };
    writeFileSync(
      file,
      JSON.stringify({
        sources: [
          { name: 'meluxina', path: REMOTE_BASE_PATH, ...login },
          { name: 'nfs', path: `${s.folder}/mounted/`, machine_id: 'filer' },
        ],
      }),
    );
    await s.ssh!.stop();
    await s.startServer({ SYNC_SOURCES: file });
    t.match(await s.post('/sync/trigger'), {
      status: 'partial',
      message: /sync of meluxina: connection refused/,
      categories: { uncategorized: 1 },
    });
    await s.ssh!.run('host1');
    t.match(await s.post('/sync/trigger'), { status: 'success', categories: { uncategorized: 2 } });
    t.same(s.listLocal('categorized'), ['uncategorized/a.log', 'uncategorized/nfs/a.log']);
    t.same(await s.messages('machine_id:filer'), ['mounted']);
  });
}
