import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_FOLDER } from '../project-folder.ts';
import { IS_COMPILED, MODULES_FOLDER } from '../project-module.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { client } from './test-server.ts';

/** What has a meaning in URLs, shells, SQL texts, globs and configurations of Fluent Bit. */
const ODD = ['a blank', '100%', '%20', 'c#', 'w?y', 'jürgen', `q'u"o`, 'a&b;c', '$HOME', '[x]', '日本'];

/** A server whose program and data stand in `folder`. */
async function start(folder: string): Promise<{ url: string; child: ChildProcess; output: () => string }> {
  const child = spawn(process.execPath, [join(folder, 'dist/control-plane/main.js')], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      GRPC_PORT: '0',
      DATA_DIR: join(folder, 'data'),
      LOG_DIR: join(folder, 'logs'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  for await (const chunk of child.stdout) {
    output += chunk;
    const found = /listening on (http:\S+)\n/.exec(output);
    if (found) return { url: found[1]!, child, output: () => output };
  }
  throw new Error(`the server ended:\n${output}`);
}

// As it is installed: tsx does not take such folders.
const skip = !IS_COMPILED && 'it runs compiled, as `npx tap build/test/end-to-end/odd-paths.test.js`';

t.test('the server in a folder of any name', { skip }, async (t) => {
  const folder = join(temporaryFolder(), ...ODD);
  mkdirSync(folder, { recursive: true });
  for (const name of ['pipeline', 'control-plane', 'logger'])
    cpSync(join(MODULES_FOLDER, name), join(folder, 'dist', name), { recursive: true });
  for (const name of ['templates', 'package.json'])
    cpSync(join(PROJECT_FOLDER, name), join(folder, name), { recursive: true });
  symlinkSync(join(PROJECT_FOLDER, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'dist/ui'), { recursive: true });
  writeFileSync(join(folder, 'dist/ui/index.html'), '<!doctype html><title>own page</title>');
  writeFileSync(join(folder, 'dist/ui/main-abc.js'), 'own script');

  for (const time of ['first', 'second']) {
    const { url, child, output } = await start(folder);
    const server = client(url);
    const text = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).text();
    t.match(await text('/', { headers: { Accept: 'text/html' } }), 'own page', time);
    t.equal(await text('/ui/assets/main-abc.js'), 'own script');
    t.match(await text('/docs'), '<html');
    t.equal((await server.ingest(`{"message":"sent ${time}"}`)).status, 200);
    t.match(await text('/api/v1/logs/export?q=sent'), `sent ${time}`);
    t.match(await text('/readyz'), /"impaired":\{\}/);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    t.equal(code, 0, output());
  }
});
