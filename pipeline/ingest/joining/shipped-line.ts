import type { LogRecord } from '../../record/log-record.ts';
import { changeMembers, endOfString, skipBlanks } from '../../record/raw-json.ts';
import type { ReadRecord } from '../record-reader.ts';
import type { LinePosition } from '../sources/line-position.ts';
import { type ContainerLine, readContainerLine, toDockerLine } from '../transforms/container-line.ts';
import { nameOfFile } from './file-ledger.ts';

/** A line as its program wrote it, in the `log` of a shipper's record. */
export interface ShippedLine {
  /** The line without its line feed, and without what a container's runtime wrote before it. */
  readonly text: string;
  /** What the runtime wrote of it, where the line is one of its file. */
  readonly container: ContainerLine | undefined;
  /** True where the line goes on in the next one of its stream: runtimes cut at 16 KB. */
  readonly isPart: boolean;
  /** The file, container or connection that the line belongs to. */
  readonly stream: string;
  /** True where the record names its file or container, so that the lines of later requests may continue this one. */
  readonly isNamed: boolean;
  /** Where the line stands in its file, if its shipper says so. */
  readonly position: FilePosition | undefined;
}

export interface FilePosition extends LinePosition {
  /** Names the file among those of all machines (`nameOfFile`). */
  readonly file: string;
}

const COLON = 58;
const QUOTE = 34;
/** What the driver says of a part; of no use where the parts are together. */
const PARTIAL_KEYS = new Set(['partial_message', 'partial_id', 'partial_ordinal', 'partial_last']);

interface NamedStream {
  readonly name: string;
  readonly file: string;
  readonly sender: string;
  readonly machineId: string;
  readonly filePath: string;
  readonly container: string;
  readonly source: string;
}

const MAX_NAMES = 4_000;

/** Reads the lines in records, and names their streams. */
export class LineReader {
  /** The streams of lines that name nothing but these, by file or container: making a name costs more than finding it. */
  readonly #streams = new Map<string, NamedStream>();

  /**
   * The line in a record; undefined where it holds none, or an event that its sender has joined.
   * @param record what was read of the text; its columns name the stream
   * @param sender tells the streams of senders apart
   */
  read({ entry, record, line, position }: ReadRecord, sender: string): ShippedLine | undefined {
    if (line === undefined) return readLineOf(entry, record, position, sender);
    const { file_path, container_name } = record;
    const { name, file } = this.#streamOf(record, sender);
    return {
      text: line,
      container: undefined,
      isPart: false,
      stream: name,
      isNamed: file_path !== '' || container_name !== '',
      position: position && file_path !== '' ? { ...position, file } : undefined,
    };
  }

  #streamOf(record: LogRecord, sender: string): NamedStream {
    const { file_path: filePath, machine_id: machineId, container_name: container, source } = record;
    const key = filePath || container;
    const found = this.#streams.get(key);
    if (
      found?.machineId === machineId &&
      found.sender === sender &&
      found.container === container &&
      found.source === source &&
      found.filePath === filePath
    )
      return found;
    if (this.#streams.size === MAX_NAMES) this.#streams.clear();
    const name = nameOfStream(record, sender, container, '', '');
    const file = nameOfFile(machineId, filePath);
    const stream = { name, file, sender, machineId, filePath, container, source };
    this.#streams.set(key, stream);
    return stream;
  }
}

function nameOfStream(
  { machine_id, file_path, source }: LogRecord,
  sender: string,
  container: string,
  writer: string,
  partsOf: string,
): string {
  return [sender, machine_id, file_path, container, source, writer, partsOf].join('\0');
}

function readLineOf(
  text: string,
  record: LogRecord,
  position: LinePosition | undefined,
  sender: string,
): ShippedLine | undefined {
  if (text.includes('"message":')) return undefined;
  const at = startOfString(text, '"log"');
  if (at === undefined) return undefined;
  const line = withoutLineFeed(stringAt(text, at));
  if (line.includes('\n')) return undefined;
  const container = readContainerLine(line);
  const id = record.container_name || memberText(text, '"container_id"');
  const writer = container?.stream ?? memberText(text, '"stream"');
  // Docker's fluentd driver gives the parts of a line an id; other lines may stand between them.
  const partsOf = memberText(text, '"partial_id"');
  return {
    text: container?.text ?? line,
    container,
    isPart: container?.partial ?? (partsOf !== '' && memberText(text, '"partial_last"') !== 'true'),
    stream: nameOfStream(record, sender, id, writer, partsOf),
    isNamed: record.file_path !== '' || id !== '',
    position:
      position && record.file_path !== ''
        ? { ...position, file: nameOfFile(record.machine_id, record.file_path) }
        : undefined,
  };
}

/** The JSON text of a line's record with the joined text in its `log`. */
export function withLog(text: string, log: string, container: ContainerLine | undefined): string {
  const value = container ? toDockerLine({ ...container, text: log }) : log;
  return changeMembers(text, (key, json) => {
    if (PARTIAL_KEYS.has(key)) return undefined;
    return key === 'log' ? JSON.stringify(value) : json;
  });
}

/** Where the string value of a member begins; undefined where there is none. @param name with its quotation marks */
function startOfString(text: string, name: string): number | undefined {
  const key = text.indexOf(name);
  if (key === -1) return undefined;
  const colon = skipBlanks(text, key + name.length);
  if (text.charCodeAt(colon) !== COLON) return undefined;
  const start = skipBlanks(text, colon + 1);
  return text.charCodeAt(start) === QUOTE ? start : undefined;
}

function memberText(text: string, name: string): string {
  const start = startOfString(text, name);
  return start === undefined ? '' : stringAt(text, start);
}

function stringAt(text: string, start: number): string {
  const raw = text.slice(start, endOfString(text, start));
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

function withoutLineFeed(line: string): string {
  if (!line.endsWith('\n')) return line;
  return line.slice(0, line.endsWith('\r\n') ? -2 : -1);
}
