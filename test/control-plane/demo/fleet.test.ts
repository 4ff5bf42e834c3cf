import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { type DemoFleetOptions, startDemoFleet } from '../../../control-plane/demo/fleet.ts';

const NOON = Date.UTC(2026, 10, 21, 12);

/** Everything that the fleet wrote before its first live line, by path. */
async function history(dir: string, options: Partial<DemoFleetOptions> = {}): Promise<Map<string, string>> {
  const fleet = await startDemoFleet({ dir, linesPerSecond: 20, seed: 7, clock: () => NOON, ...options });
  await fleet.stop();
  return new Map(fleet.files.map((path) => [relative(dir, path), readFileSync(path, 'utf8')]));
}

function linesOf(files: Map<string, string>, pattern: RegExp): string[] {
  const matching = [...files].filter(([path]) => pattern.test(path));
  return matching.flatMap(([, text]) => text.trimEnd().split('\n'));
}

t.test('a minute of history is there at once, of every program, in whole lines', async (t) => {
  const files = await history(t.testdir());
  const names = new Set([...files.keys()].map((path) => path.replace(/\d{8}/, 'JOB')));
  t.same([...names].sort(), [
    'api/logs/api.log',
    'loadgen/loadgen-12345.err',
    'loadgen/loadgen-12345.out',
    'monitoring/prometheus.log',
    'pm2/logs/api-out.log',
    'qdrant/qdrant.log',
    'slurm/slurm-JOB.err',
    'slurm/slurm-JOB.out',
    'vllm/vllm_server.log',
    'workspace/logs/comfyui.log',
  ]);
  for (const [path, text] of files) t.ok(text.endsWith('\n'), path);
  const total = linesOf(files, /./).length;
  t.ok(total > 1000 && total < 2500, `${total} lines`);
});

t.test('the same seed gives the same files, another one others', async (t) => {
  const dirs = t.testdir({ a: {}, b: {}, c: {} });
  const [a, b, c] = await Promise.all([
    history(join(dirs, 'a')),
    history(join(dirs, 'b')),
    history(join(dirs, 'c'), { seed: 8 }),
  ]);
  t.same(a, b);
  t.not(a.get('api/logs/api.log'), c.get('api/logs/api.log'));
});

t.test('JSON logs parse, and each response belongs to a request', async (t) => {
  const files = await history(t.testdir(), { linesPerSecond: 200, maxFileBytes: 1e9 });
  for (const line of linesOf(files, /^pm2/)) {
    t.match(JSON.parse(line), {
      message: /\n$/,
      timestamp: /^2026-11-21 1[12]:/,
      type: /^(out|err)$/,
      app_name: 'api',
    });
  }
  const entries = linesOf(files, /^api/).map((line) => JSON.parse(line));
  const requested = new Set(
    entries.filter(({ type }) => type === 'request').map((entry) => entry.request_id),
  );
  const responses = entries.filter(({ type }) => type === 'response');
  t.ok(responses.length > 50);
  t.ok(responses.every((entry) => requested.has(entry.request_id) && entry.duration_ms >= 0));
  t.same(new Set(entries.map(({ type }) => type)), new Set(['request', 'response', 'error', 'custom_event']));
});

t.test('failures come with stack traces, those of ranks between each other', async (t) => {
  const files = await history(t.testdir(), { linesPerSecond: 400, maxFileBytes: 1e9 });
  const errors = linesOf(files, /slurm-\d+\.err$/);
  const first = errors.indexOf('[rank1]: Traceback (most recent call last):');
  t.ok(first >= 0);
  t.equal(errors[first + 1], '[rank3]: Traceback (most recent call last):');
  t.ok(errors.some((line) => line.startsWith('slurmstepd: error: *** STEP 209425')));
  t.ok(linesOf(files, /^vllm/).some((line) => /ERROR .* Traceback/.test(line)));
});

t.test('files are rotated by name and bounded in size and number', async (t) => {
  const dir = t.testdir();
  await history(dir, { linesPerSecond: 2000, maxFileBytes: 20_000 });
  const written = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  t.ok(written.some(({ name }) => name === 'vllm_server.log.1'));
  t.ok(written.length <= 48);
  // What one burst brings comes on top.
  for (const { parentPath, name } of written) t.ok(statSync(join(parentPath, name)).size < 3_000_000, name);
});

t.test('goes on with live lines and stops', async (t) => {
  const dir = t.testdir();
  let ticks = 0;
  const fleet = await new Promise<Awaited<ReturnType<typeof startDemoFleet>>>((resolve, reject) => {
    const started = startDemoFleet({
      dir,
      linesPerSecond: 400,
      clock: () => {
        if (++ticks === 3) started.then(resolve, reject);
        return NOON + ticks * 1000;
      },
    });
  });
  await fleet.stop();
  const api = fleet.files.map((path) => readFileSync(path, 'utf8')).join('');
  t.match(api, /2026-11-21T12:00:0[23]/);
});
