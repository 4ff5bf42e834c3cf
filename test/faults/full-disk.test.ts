import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { CutDisk, canCut } from './cut-disk.ts';
import { fill } from './disk-drill.ts';

const INODES = 4_000;
const JOURNALED = new Set(['/logs/ingest', '/admin/nodes/launch', '/admin/nodes/n9/logs']);

/** What is asked on a full disk: the answer then, and the one when there is room again. */
const REQUESTS: readonly (readonly [
  method: string,
  path: string,
  body: unknown,
  full: number,
  free: number,
])[] = [
  ['POST', '/logs/ingest', { message: 'sent' }, 503, 200],
  ['PUT', '/api/v1/profiles/fleet', { variables: { REGION: 'us' } }, 503, 200],
  ['PUT', '/api/v1/agents/m1/profile', { variables: { REGION: 'us' } }, 503, 200],
  ['POST', '/api/v1/profiles/fleet/rollback?version=1', undefined, 503, 200],
  ['POST', '/admin/nodes/launch', { name: 'n' }, 503, 202],
  ['POST', '/admin/nodes/n9/logs', { message: 'x' }, 503, 200],
  ['POST', '/logs/delete?path=agents/-/x/a.log', undefined, 503, 200],
  ['POST', '/api/v1/backup', { dir: '' }, 503, 200],
  ['GET', '/api/v1/logs/export?format=parquet', undefined, 503, 200],
  ['GET', '/api/v1/logs/export?format=ndjson', undefined, 200, 200],
  ['GET', '/api/v1/logs/search', undefined, 200, 200],
  ['GET', '/api/v1/profiles/fleet', undefined, 200, 200],
  ['GET', '/api/v1/dead-letters', undefined, 200, 200],
];

function use(disk: CutDisk, what: 'bytes' | 'inodes'): () => void {
  const ballast = join(disk.folder, 'ballast');
  if (what === 'bytes') fill(ballast, disk.folder);
  else {
    mkdirSync(ballast);
    for (let file = 0; file < INODES; file++) {
      try {
        writeFileSync(join(ballast, String(file)), '');
      } catch {
        break;
      }
    }
  }
  return () => rmSync(ballast, { recursive: true });
}

for (const what of ['bytes', 'inodes'] as const) {
  t.test(
    `without ${what}`,
    { skip: !canCut() && 'may not make a disk, or xfsprogs is missing' },
    async (t) => {
      const folder = temporaryFolder();
      const disk = new CutDisk(folder, 192, INODES);
      t.teardown(() => disk.unmount());
      const settings = { DATA_DIR: join(disk.folder, 'data'), ADMIN_TOKEN: 'secret', SYNC_INTERVAL: '0' };
      const backup = join(disk.folder, 'backup');
      let server = await startProcess(settings);
      t.teardown(() => server.stop('SIGKILL'));
      const ask = async (method: string, path: string, body: unknown) => {
        const answer = await fetch(server.url + path, {
          method,
          headers: {
            'X-Admin-Token': 'secret',
            ...(body !== undefined && { 'Content-Type': 'application/json' }),
          },
          ...(body !== undefined && {
            body: JSON.stringify(path.endsWith('/backup') ? { dir: backup } : body),
          }),
        });
        return { status: answer.status, text: await answer.text() };
      };
      t.equal((await ask('PUT', '/api/v1/profiles/fleet', { variables: { REGION: 'eu' } })).status, 200);
      await server.ingest('{"message":"before","file_path":"/x/a.log"}\n');
      // Whoever asks has it stored in its table.
      t.equal((await server.get('/api/v1/logs/count?q=before')).total, 1);
      /** Records that were acknowledged with what is asked here. */
      let passed = 0;
      const check = async (state: 3 | 4) => {
        for (const request of REQUESTS) {
          const [method, path, body] = request;
          const { status, text } = await ask(method, path, body);
          // Where only inodes are missing, what needs none may go on.
          // What goes through the journal may find room in a file that is there.
          const mayPass = what === 'inodes' || JOURNALED.has(path);
          const expected = state === 3 && mayPass ? [request[3], request[4]] : [request[state]];
          t.ok(expected.includes(status), `${method} ${path}: ${status} ${status < 400 ? '' : text}`);
          if (JOURNALED.has(path) && status < 400) passed++;
        }
      };
      const region = async () =>
        JSON.parse((await ask('GET', '/api/v1/profiles/fleet', undefined)).text).profile.variables.REGION;

      // Acknowledged and not stored in its table yet: the next start has to, and has no room.
      await server.ingest('{"message":"before too","file_path":"/x/b.log"}\n');
      const free = use(disk, what);
      await check(3);
      if (what === 'bytes') {
        t.equal(await region(), 'eu', 'what could not be stored is not in force');
        t.notOk(existsSync(backup) && readdirSync(backup).length > 0, 'no part of a backup');
      }
      await server.stop('SIGKILL');
      server = await startProcess(settings);
      const { total, pending_records = 0 } = await server.get('/api/v1/logs/count?q=before');
      t.ok(
        total + pending_records >= 2 && total + pending_records <= 2 + passed,
        `a start serves what is there, ${total}, and says what it cannot store, ${pending_records}`,
      );
      await check(3);
      free();
      await check(4);
      t.equal((await server.get('/api/v1/logs/count?q="before too"')).total, 1);
      t.equal(await server.stop('SIGTERM'), 0);
    },
  );
}
