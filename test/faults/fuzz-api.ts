import { once } from 'node:events';
import { Agent, type IncomingMessage, maxHeaderSize, request } from 'node:http';
import fc from 'fast-check';
import { type Answer, AnswerChecker } from '../answer-checker.ts';
import { type ApiDocument, type DocumentedOperation, operationsOf } from '../api-document.ts';
import { type FuzzRequest, requestsTo, strayRequests } from './fuzz-requests.ts';
import { type KnownValues, LIKELY } from './fuzz-values.ts';

export interface FuzzOptions {
  readonly url: string;
  readonly adminToken: string;
  readonly seed: number;
  readonly requests: number;
  /** Told twenty times on the way. */
  readonly onProgress?: (done: number, of: number) => void;
}

export interface FuzzResult {
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Routes that never gave the answer that they are there for. */
  readonly neverGood: readonly string[];
  /** What went wrong, each kind with the first request that showed it. */
  readonly problems: readonly string[];
  /** Requests that were sent. */
  readonly sent: number;
  /** Milliseconds that the answers of a route took, all together, of those that took longest. */
  readonly slowest: Readonly<Record<string, number>>;
}

const AT_ONCE = 8;
const MAX_MS = 20_000;
/** Of a stream that does not end. */
const READ_STREAM_MS = 50;
/** Characters of a problem's request that are printed. */
const MAX_SHOWN = 1_500;
const MAX_BYTES = 4 * 1024 * 1024;
/** Routes that wait for other programs, or rewrite all records, get fewer requests. */
const SLOW = new Map([
  ['POST /sync/trigger', 0.1],
  ['POST /logs/cleanup', 0.05],
  ['POST /api/v1/templates/{name}/render', 0.2],
  ['PUT /api/v1/profiles/{scope}', 0.2],
  ['PUT /api/v1/agents/{machine_id}/profile', 0.2],
]);
/** What leaves nothing to ask for. */
const LAST = new Set(['POST /logs/cleanup']);

/** Sends requests made of `/openapi.json`, valid and not, and holds every answer against it. */
export async function fuzzApi(options: FuzzOptions): Promise<FuzzResult> {
  const { url, adminToken, seed, requests, onProgress } = options;
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as ApiDocument;
  const operations = operationsOf(document);
  const checker = new AnswerChecker(document);
  const statuses: Record<string, number> = {};
  const good = new Set<string>();
  const problems = new Map<string, string>();
  const took = new Map<string, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  // A server that ends leaves the requests on their way without an answer; what it cannot be asked any more says nothing.
  let isGone = false;

  const tryOut = async (given: FuzzRequest, operation: DocumentedOperation | undefined) => {
    const title = operation?.title ?? 'no route';
    const asked = performance.now();
    const answer = await ask(url, given, agent).catch((error: Error) => error);
    took.set(title, (took.get(title) ?? 0) + performance.now() - asked);
    const problem =
      answer instanceof Error
        ? `no answer: ${answer.message}`
        : answer.status === 431 && isTooLong(given)
          ? checker.problemOfError(answer, [431])
          : operation
            ? checker.problemOf(operation, answer)
            : checker.problemOfError(answer, [404, 405]);
    if (answer instanceof Error) {
      if ((answer as NodeJS.ErrnoException).code === 'ECONNREFUSED') isGone = true;
    } else {
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      if (operation && answer.status < 300) good.add(operation.title);
    }
    if (problem) {
      const kind = `${title}: ${problem.replace(/\d+/g, 'N').slice(0, 80)}`;
      if (!problems.has(kind)) problems.set(kind, `${title}: ${problem}\n    ${asCurl(url, given)}`);
    }
  };

  const known = { ...LIKELY, ...(await knownIds(url)), token: [adminToken] };
  const work = workOf(operations, document, known, adminToken, seed, requests);
  const all = work.length;
  const step = Math.ceil(all / 20);
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = work.pop(); next && !isGone; next = work.pop()) {
        await tryOut(...next);
        if ((all - work.length) % step === 0) onProgress?.(all - work.length, all);
      }
    }),
  );
  agent.destroy();
  const state = isGone ? 'the server ended' : await stateOf(url);
  if (state !== undefined) problems.set('end', state);
  return {
    statuses,
    neverGood: operations.map(({ title }) => title).filter((title) => !good.has(title)),
    problems: [...problems.values()],
    sent: all - work.length,
    slowest: Object.fromEntries(
      [...took]
        .sort(([, a], [, b]) => b - a)
        .slice(0, 8)
        .map(([title, milliseconds]) => [title, Math.round(milliseconds)]),
    ),
  };
}

/** What is wrong with the server; undefined where nothing is. */
async function stateOf(url: string): Promise<string | undefined> {
  const { status } = await fetch(`${url}/readyz`);
  return status === 200 ? undefined : `/readyz answers ${status} afterwards`;
}

/** Ids of what is there. */
async function knownIds(url: string): Promise<KnownValues> {
  const list = async (path: string): Promise<any> => (await fetch(url + path)).json();
  const records = await list('/api/v1/logs/recent?lines=5');
  const { dead_letters: letters } = await list('/api/v1/dead-letters?limit=5');
  return { id: [...[...records, ...letters].map(({ id }) => id), ...LIKELY.node_id!] };
}

type Work = [FuzzRequest, DocumentedOperation | undefined][];

/** As many requests to each route, in an order that mixes them; taken from the end. */
function workOf(
  operations: readonly DocumentedOperation[],
  document: ApiDocument,
  known: KnownValues,
  adminToken: string,
  seed: number,
  requests: number,
): Work {
  const share = Math.ceil(requests / (operations.length + 1));
  const work: Work = fc
    .sample(strayRequests(operations.map(({ path }) => path)), { seed, numRuns: share })
    .map((made) => [made, undefined]);
  for (const [index, operation] of operations.entries()) {
    const numRuns = Math.ceil(share * (SLOW.get(operation.title) ?? 1));
    const made = fc.sample(requestsTo(operation, document, known, adminToken), {
      seed: seed + index,
      numRuns,
    });
    work.push(...made.map((given): Work[number] => [given, operation]));
  }
  const [mixed] = fc.sample(fc.shuffledSubarray(work, { minLength: work.length }), { seed, numRuns: 1 });
  const isLast = ([, operation]: Work[number]) => operation !== undefined && LAST.has(operation.title);
  return [...mixed!.filter(isLast), ...mixed!.filter((item) => !isLast(item))];
}

async function ask(
  url: string,
  { method, address, headers, body }: FuzzRequest,
  agent: Agent,
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path: address, method, headers, agent, timeout: MAX_MS });
  sent.on('timeout', () => sent.destroy(new Error(`none within ${MAX_MS / 1000} s`)));
  // One that breaks while its answer is read is told by the answer.
  sent.on('error', () => {});
  sent.end(body?.());
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const type = (response.headers['content-type'] ?? '').split(';', 1)[0]!;
  const pieces: Buffer[] = [];
  let size = 0;
  const cut = type === 'text/event-stream' ? setTimeout(() => response.destroy(), READ_STREAM_MS) : undefined;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece);
      size += piece.length;
      if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    }
  } catch (error) {
    if (cut === undefined) throw error;
  } finally {
    clearTimeout(cut);
  }
  return { status: response.statusCode!, type, text: Buffer.concat(pieces).toString() };
}

/** Node refuses it before any route sees it; what it adds itself has up to 200 bytes. */
function isTooLong({ address, headers }: FuzzRequest): boolean {
  return address.length + JSON.stringify(headers).length > maxHeaderSize - 200;
}

/** To be tried again by hand. */
function asCurl(url: string, { method, address, headers, body }: FuzzRequest): string {
  const quote = (text: string) => `'${shortened(text).replaceAll("'", "'\\''")}'`;
  const options = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `-H ${quote(`${name}: ${value}`)}`),
  );
  const bytes = body?.() ?? new Uint8Array();
  const content =
    bytes.length > MAX_SHOWN
      ? `--data-binary ${quote(Buffer.from(bytes).toString())}`
      : bytes.length > 0
        ? `--data-binary @<(base64 -d <<< ${Buffer.from(bytes).toString('base64')})`
        : '';
  return ['curl', '-i', '-X', method, ...options, content, quote(url + address)].filter(Boolean).join(' ');
}

function shortened(text: string): string {
  const rest = text.length - MAX_SHOWN;
  return rest <= 0 ? text : `${text.slice(0, MAX_SHOWN)}… and ${rest} more characters`;
}
