import type { DeadLetter } from '../store/dead-letter-store.ts';
import { type OtlpTarget, readOtlp } from './accept-otlp.ts';
import { PacedTexts } from './paced-texts.ts';
import type { IngestRequest, Receipt } from './pipeline.ts';
import { isOfRest } from './rejected-entries.ts';
import { parseEntry, splitJsonBody } from './sources/json-body.ts';
import { entryOfText, MAX_RECORD_BYTES } from './sources/record-limits.ts';
import type { UnreadableEntry } from './sources/source-entry.ts';

export interface ReplayReceipt extends Receipt {
  /** Why the letter was kept. */
  readonly reason?: string;
}

type Entries = Pick<IngestRequest, 'entries' | 'decode'>;

/**
 * Accepts the content of a dead letter in its original protocol, and removes the letter when all readable records are stored. Entries
 * that still cannot be read become letters of their own. Where nothing can be read, nothing changes, so a replay may be repeated. The
 * digest keeps records from being stored twice.
 * @throws LogplaneError the errors of `Pipeline.accept`
 */
export async function replayLetter(
  { pipeline, deadLetters }: OtlpTarget,
  letter: DeadLetter,
): Promise<ReplayReceipt> {
  const content = await readContent(deadLetters.content(letter.id), letter);
  const entries = await entriesOf(letter, content);
  const reason = 'reason' in entries ? entries.reason : await reasonAgainst(entries);
  if ('reason' in entries || reason !== undefined) {
    return { accepted: 0, rejected: 1, duplicate: false, reason: reason! };
  }
  const { id, agent, source } = letter;
  const receipt = await pipeline.accept({ agent, peer: agent, digest: `letter-${id}`, source, ...entries });
  await deadLetters.remove(id);
  return receipt;
}

/** True of OTLP in protobuf, whose base64 never begins with a brace; OTLP in JSON is an object. */
function isProtobuf({ source, head }: DeadLetter): boolean {
  return source === 'otlp' && !head.trimStart().startsWith('{');
}

/** Reads the content as it came into one buffer. */
async function readContent(parts: AsyncIterable<string>, letter: DeadLetter): Promise<Buffer> {
  const encoding = isProtobuf(letter) ? 'base64' : 'utf8';
  const content = Buffer.allocUnsafeSlow(letter.contentBytes);
  let length = 0;
  for await (const part of parts) length += content.write(part, length, encoding);
  return content.subarray(0, length);
}

async function entriesOf(letter: DeadLetter, content: Buffer): Promise<Entries | UnreadableEntry> {
  if (letter.source === 'otlp') {
    return readOtlp({ format: isProtobuf(letter) ? 'protobuf' : 'json', content });
  }
  // The letter of one record stays one record, whatever line breaks it has. A record that is too long comes in pieces, as in a body.
  const isRecord = letter.line > 0 && !isOfRest(letter) && content.length <= MAX_RECORD_BYTES;
  if (isRecord) return { entries: [content.toString()] };
  return { entries: { [Symbol.iterator]: () => splitJsonBody(content) } };
}

/** Why no entry can be read; undefined where one can. */
async function reasonAgainst({ entries, decode = parseEntry }: Entries): Promise<string | undefined> {
  let first: string | undefined;
  const texts = new PacedTexts(entries, undefined);
  for (let text = await texts.next(); text !== undefined; text = texts.nextNow() ?? (await texts.next())) {
    const entry = typeof text === 'string' ? decode(text) : entryOfText(text);
    if (!('reason' in entry)) return undefined;
    first ??= entry.reason;
  }
  return first ?? 'it holds no record';
}
