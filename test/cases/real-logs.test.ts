import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { Chance } from '../chance.ts';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { startHere, type TestServer } from '../end-to-end/test-server.ts';
import { startMachine, withoutFluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { REAL_LOGS_FOLDER } from '../project-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** How long records that are missing are waited for; only a defect takes so long. */
const PATIENCE_MILLISECONDS = 30_000;
/** Longer lines are cut where Fluent Bit reads them. */
const MAX_LINE_BYTES = 60_000;

const folder = temporaryFolder();
const started = new Date().toISOString();

/** Patterns of paths pass over hidden folders. */
const visible = (file: string) => file.replaceAll('/.', '/');

/** Sends the files below a folder, which is already there. */
type Send = (server: TestServer, below: string, files: readonly string[]) => Promise<void>;

const postInPieces: Send = async ({ url }, below, files) => {
  const chance = new Chance(20261201);
  for (const file of files) {
    const file_path = join(below, file);
    const lines = readFileSync(file_path, 'utf8').replace(/\n$/, '').split('\n');
    for (let at = 0; at < lines.length; ) {
      const count = 1 + chance.below(400);
      const records = lines
        .slice(at, at + count)
        .map((log) => JSON.stringify({ timestamp: started, file_path, log: log.replace(/\r$/, '') }));
      at += count;
      const headers = { 'x-machine-id': 'here', 'idempotency-key': `${file} ${at}` };
      const body = records.join('\n');
      const response = await fetch(`${url}/logs/ingest`, { method: 'POST', headers, body });
      if (response.status !== 200) throw new Error(await response.text());
    }
  }
};

const sendByCli: Send = async ({ url }, below, files) => {
  const paths = files.map((file) => join(below, file));
  const { code, stderr } = await runCli(['ingest', '--machine', 'here', '--server', url, ...paths]);
  if (code !== 0) throw new Error(stderr);
};

const tailByFluentBit: Send = async ({ url }, below, files) => {
  const paths = files.map((file) => join(below, dirname(file), `*${extname(file)}`));
  const sources = [{ type: 'files', paths: [...new Set(paths)] }];
  const body = JSON.stringify({ sources });
  const response = await fetch(`${url}/api/v1/profiles/fleet`, { method: 'PUT', body });
  if (response.status !== 200) throw new Error(await response.text());
  const machine = await startMachine(url, join(folder, 'machine'));
  t.teardown(() => machine.agent.stop());
};

/**
 * Files whose ordinary lines go on in indented ones and do not say so. Where a request ends between them they are two records, because
 * an ordinary line is stored at once: only their lines are compared where requests cut the file.
 */
const CUT_BY_REQUESTS = new Set(['slurm-editevals/slurm.out']);
/** Fluent Bit sends two requests at once, and where lines of both are read by turns an event may come apart: its lines are compared. */
const OVERLAPPING = 'a real Fluent Bit';

const WAYS: Readonly<Record<string, Send>> = {
  'lines over HTTP': postInPieces,
  'logplane ingest': sendByCli,
  ...(withoutFluentBit === false && { 'a real Fluent Bit': tailByFluentBit }),
};

interface FoundRecord {
  /** Level and message. */
  readonly text: string;
  /** The time, where the line shows one; '' where it took that of its reading. */
  readonly time: string;
}

async function recordsOf({ url }: TestServer, path: string): Promise<FoundRecord[]> {
  const query = encodeURIComponent(`file_path:"${path}"`);
  const response = await fetch(`${url}/api/v1/logs/export?format=ndjson&q=${query}`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as Record<string, string>)
    .map(({ level, message, timestamp }) => ({
      text: `${level} ${message}`,
      time: timestamp! < started ? timestamp! : '',
    }));
}

/**
 * How the records of a way differ from those of the collector; '' where they do not. The collector finds the files when they are
 * written, so its lines without a time have that of their neighbours; those of a shipper have the time of reading.
 */
function firstDifference(
  found: readonly FoundRecord[],
  expected: readonly FoundRecord[],
  unit: 'records' | 'lines',
): string {
  const textsOf = (records: readonly FoundRecord[]) =>
    records.flatMap(({ text }) => (unit === 'lines' ? text.replace(/^\w+ /, '').split('\n') : text)).sort();
  const texts = textsOf(found);
  const others = textsOf(expected);
  const at = texts.findIndex((text, index) => text !== others[index]);
  if (at !== -1 || texts.length !== others.length)
    return `${texts.length} ${unit}, expected ${others.length}; got ${texts[at]} in place of ${others[at]}`;
  if (unit === 'lines') return '';
  const timed = new Set(expected.map(({ time, text }) => `${time} ${text}`));
  const wrong = found.find(({ time, text }) => time !== '' && !timed.has(`${time} ${text}`));
  return wrong ? `unexpected time: ${wrong.time} ${wrong.text}` : '';
}

t.setTimeout(300_000);
t.test(
  'real logs give the same records by every way in as by the collector',
  { skip: !existsSync(REAL_LOGS_FOLDER) && `no real logs at ${REAL_LOGS_FOLDER}` },
  async (t) => {
    const names = (readdirSync(REAL_LOGS_FOLDER, { recursive: true }) as string[]).filter((name) =>
      /\.(?:log|out|err)$/.test(name),
    );
    const files = names.filter((name) => {
      const bytes = readFileSync(join(REAL_LOGS_FOLDER, name));
      return bytes
        .toString('latin1')
        .split('\n')
        .every((line) => line.length < MAX_LINE_BYTES);
    });
    const below = (way: string) => join(folder, way.replaceAll(' ', '-'));
    for (const way of ['collector', ...Object.keys(WAYS)]) {
      for (const file of files) {
        const path = join(below(way), visible(file));
        mkdirSync(dirname(path), { recursive: true });
        const bytes = readFileSync(join(REAL_LOGS_FOLDER, file), 'latin1');
        writeFileSync(path, bytes.endsWith('\n') ? bytes : `${bytes}\n`, 'latin1');
      }
    }
    const server = await startHere({
      DATA_DIR: join(folder, 'data'),
      LOG_PATHS: ['log', 'out', 'err'].map((end) => join(below('collector'), `**/*.${end}`)).join(','),
      MACHINE_ID: 'here',
    });
    t.teardown(() => server.close());
    for (const [way, send] of Object.entries(WAYS)) await send(server, below(way), files.map(visible));
    for (const file of files) {
      const problems = new Map<string, string>();
      const deadline = Date.now() + PATIENCE_MILLISECONDS;
      do {
        const expected = await recordsOf(server, join(below('collector'), visible(file)));
        for (const way of Object.keys(WAYS)) {
          const isCut = way === OVERLAPPING || (way === 'lines over HTTP' && CUT_BY_REQUESTS.has(file));
          const unit = isCut ? 'lines' : 'records';
          const found = await recordsOf(server, join(below(way), visible(file)));
          const problem =
            expected.length === 0 ? 'none by the collector' : firstDifference(found, expected, unit);
          problems.set(way, problem);
        }
        if ([...problems.values()].every((problem) => problem === '')) break;
        await setTimeout(500);
      } while (Date.now() < deadline);
      for (const [way, problem] of problems) t.equal(problem, '', `${file} by ${way}`);
    }
  },
);
