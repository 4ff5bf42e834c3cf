import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { startHere, type TestServer } from '../end-to-end/test-server.ts';
import { startMachine, withoutFluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { differences, type FoundRecord } from './compare-records.ts';
import { type Case, type ExpectedRecord, hasCases, type InputKind, readCases } from './read-cases.ts';

/** How long records that are missing are waited for, all together; only a defect takes so long. */
const PATIENCE_MILLISECONDS = 10_000;

/** A case under the id that it has in one way. */
interface Input extends Case {
  readonly id: string;
}

/** A way by which lines come into the server. */
interface Way {
  readonly name: string;
  readonly kinds: readonly InputKind[];
  /** Sends the inputs; the records of each get the machine id or the path that `filter` searches. */
  send(server: TestServer, inputs: readonly Input[]): Promise<void>;
  filter(id: string): string;
  /** The file that the records name, where the input is one. */
  readonly path?: (id: string) => string;
  /** The machine that they name, where it is not the input's id. */
  readonly machine?: string;
  /** True where its program is not on the PATH. */
  readonly isMissing?: boolean;
}

const folder = temporaryFolder();
const tailed = join(folder, 'tailed');
/** Only some cases, by the beginnings of their names: `CASES=34,36 npx tap test/cases/cases.test.ts`. */
const wanted = process.env.CASES?.split(',');

const pathOf = (way: string, id: string) => join(folder, way, `${id}.log`);
const ofMachine = (id: string) => `machine_id:"${id}"`;

function writeInput(way: string, { id, input }: Input): string {
  const path = pathOf(way, id);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input.replaceAll('@M@', id), 'latin1');
  return path;
}

async function post(server: TestServer, path: string, type: string, body: string): Promise<void> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': type },
    body: Buffer.from(body, 'latin1'),
  });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

const postEach =
  (path: string, type: string, bodyOf: (input: Input) => string): Way['send'] =>
  async (server, inputs) => {
    for (const input of inputs) await post(server, path, type, bodyOf(input));
  };

/** Each line as Fluent Bit ships it. */
function toShippedLines({ id, input }: Input): string {
  const timestamp = new Date().toISOString();
  const lines = input.replace(/\n$/, '').split('\n');
  const file_path = `/var/log/${id}.log`;
  return lines.map((log) => JSON.stringify({ timestamp, file_path, log, machine_id: id })).join('\n');
}

const withMachine = ({ id, input }: Input) => input.replaceAll('@M@', id);

const WAYS: readonly Way[] = [
  {
    name: 'collector',
    kinds: ['lines'],
    async send(_server, inputs) {
      for (const input of inputs) writeInput('tailed', input);
    },
    filter: (id) => `file_path:"${pathOf('tailed', id)}"`,
    path: (id) => pathOf('tailed', id),
    machine: 'collector',
  },
  {
    name: 'logplane ingest',
    kinds: ['lines'],
    async send({ url }, inputs) {
      const paths = inputs.map((input) => writeInput('sent', input));
      const { code, stderr } = await runCli(['ingest', '--machine', 'here', '--server', url, ...paths]);
      if (code !== 0) throw new Error(stderr);
    },
    filter: (id) => `file_path:"${pathOf('sent', id)}"`,
    path: (id) => pathOf('sent', id),
    machine: 'here',
  },
  {
    name: 'lines over HTTP',
    kinds: ['lines'],
    send: postEach('/logs/ingest', 'application/x-ndjson', toShippedLines),
    filter: ofMachine,
    path: (id) => `/var/log/${id}.log`,
  },
  {
    name: 'a real Fluent Bit',
    kinds: ['lines'],
    isMissing: withoutFluentBit !== false,
    async send({ url }, inputs) {
      const sources = [{ type: 'files', paths: [join(folder, 'machine/logs/machine/*.log')] }];
      const body = JSON.stringify({ sources });
      const response = await fetch(`${url}/api/v1/profiles/fleet`, { method: 'PUT', body });
      if (response.status !== 200) throw new Error(await response.text());
      const machine = await startMachine(url, join(folder, 'machine'));
      t.teardown(() => machine.agent.stop());
      for (const input of inputs) {
        const path = join(machine.logs, 'machine', `${input.id}.log`);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, input.input, 'latin1');
      }
    },
    filter: (id) => `file_path:"${join(folder, 'machine', 'logs', 'machine', `${id}.log`)}"`,
    path: (id) => join(folder, 'machine', 'logs', 'machine', `${id}.log`),
    machine: 'machine-1',
  },
  {
    name: 'records over HTTP',
    kinds: ['records'],
    send: postEach('/logs/ingest', 'application/x-ndjson', withMachine),
    filter: ofMachine,
  },
  {
    name: 'records of docker over HTTP',
    kinds: ['forward'],
    send: postEach('/logs/ingest', 'application/json', withMachine),
    filter: (id) => `container_id:"${id}"`,
  },
  {
    name: 'OTLP/HTTP',
    kinds: ['otlp'],
    send: postEach('/v1/logs', 'application/json', withMachine),
    filter: ofMachine,
  },
];

/** The expected records, with the names that they get in a way. */
function expectedOf({ expected, id }: Input, { machine = id, path }: Way): readonly ExpectedRecord[] {
  const text = JSON.stringify(expected).replaceAll('@M@', machine);
  return JSON.parse(path ? text.replaceAll('@FILE@', path(id)) : text) as ExpectedRecord[];
}

async function recordsOf(server: TestServer, filter: string): Promise<FoundRecord[]> {
  const { records } = await server.get(`/api/v1/logs/search?limit=1000&q=${encodeURIComponent(filter)}`);
  return records as FoundRecord[];
}

t.setTimeout(300_000);
t.test(
  'the same line gives the same record, whichever way it comes',
  { skip: !hasCases && 'the cases stand outside the project and are absent' },
  async (t) => {
    const server = await startHere({
      DATA_DIR: join(folder, 'data'),
      LOG_PATHS: join(tailed, '*.log'),
      MACHINE_ID: 'collector',
    });
    t.teardown(() => server.close());
    const cases = readCases().filter(({ name }) => !wanted || wanted.some((start) => name.startsWith(start)));
    const sent: {
      readonly title: string;
      readonly filter: string;
      readonly expected: readonly ExpectedRecord[];
    }[] = [];
    for (const way of WAYS) {
      const { name, kinds, send, filter, isMissing } = way;
      if (isMissing) {
        t.comment(`${name}: its program is not on the PATH`);
        continue;
      }
      const inputs = cases
        .filter(({ kind }) => kinds.includes(kind))
        .map((input) => ({ ...input, id: `${input.name} ${name}`.replaceAll(/[ /]/g, '-') }));
      if (inputs.length > 0) await send(server, inputs);
      for (const input of inputs)
        sent.push({
          title: `${input.name} by ${name}`,
          filter: filter(input.id),
          expected: expectedOf(input, way),
        });
    }
    const problems = new Map<string, string>();
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    do {
      for (const { title, filter, expected } of sent) {
        if (problems.get(title) === '') continue;
        problems.set(title, differences(await recordsOf(server, filter), expected));
      }
      await setTimeout(200);
    } while ([...problems.values()].some((problem) => problem !== '') && Date.now() < deadline);
    for (const [title, problem] of problems) t.equal(problem, '', title);
  },
);
