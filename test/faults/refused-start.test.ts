import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { canMount, Mount } from './mount.ts';

const folder = temporaryFolder();

const whyNot = (given: Record<string, string>) =>
  startProcess(given).then(
    async (server) => {
      await server.stop('SIGTERM');
      return 'it started';
    },
    (error: Error) => error.message,
  );

t.test('an empty admin token is made anew', async (t) => {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'admin-token'), '');
  const server = await startProcess({ DATA_DIR: dir });
  t.match(readFileSync(join(dir, 'admin-token'), 'utf8'), /^[\w-]{32}\n$/);
  await server.stop('SIGTERM');
});

t.test('a folder that cannot be written to, or is none, is one line', async (t) => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  t.match(
    await whyNot({ DATA_DIR: file }),
    /logplane: DATA_DIR: expected a folder .*, got ".*file" \(EEXIST[^\n]*\n$/,
  );
  const state = join(folder, 'forwarding', 'state');
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'forward-otlp'), '{"cur');
  const forwarding = {
    DATA_DIR: join(folder, 'forwarding'),
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:9',
  };
  t.match(await whyNot(forwarding), /state\/forward-otlp cannot be read .*move it away to start so\n$/);
  t.equal(readFileSync(join(state, 'forward-otlp'), 'utf8'), '{"cur', 'nothing was destroyed');
});

t.test('a read-only disk', { skip: !canMount() && 'may not mount a small file system' }, async (t) => {
  const disk = new Mount(join(folder, 'disk'), 64);
  t.teardown(() => disk.end());
  disk.remount('ro');
  t.match(await whyNot({ DATA_DIR: disk.folder }), /logplane: DATA_DIR: .*\(EROFS[^\n]*\n$/);
});
