/** A line of a container's output as its runtime wrote it into a file. */
export interface ContainerLine {
  readonly stream: 'stdout' | 'stderr';
  /** When the runtime read the line, as it spells it. */
  readonly time: string;
  /** The program's text, without the line feed. */
  readonly text: string;
  /** The line goes on in the next one of its stream: runtimes cut at 16 KB. */
  readonly partial: boolean;
  /** Labels that docker adds where it is configured to. */
  readonly attrs?: unknown;
}

const BRACE = 123;
const LETTER_T = 84;
/** Docker writes these members in this order and without blanks. */
const DOCKER = '{"log":"';
const DOCKER_STREAM = /,"stream":"(?:stdout|stderr)",/;
/** The form of Kubernetes' container runtimes (CRI), which Podman's `k8s-file` has too. */
const CRI =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::[^ ]*)?(?: |$)/;

/** True of a line of a container runtime of Kubernetes. */
export function isCriLine(line: string): boolean {
  return line.charCodeAt(10) === LETTER_T && CRI.test(line);
}

/** Reads a line of docker's `json-file` or of a CRI runtime; undefined for any other line. */
export function readContainerLine(line: string): ContainerLine | undefined {
  if (line.charCodeAt(0) === BRACE) return line.startsWith(DOCKER) ? readDockerLine(line) : undefined;
  if (line.charCodeAt(10) !== LETTER_T) return undefined;
  const match = CRI.exec(line);
  if (!match) return undefined;
  const [head, time = '', stream, tag] = match;
  return {
    stream: stream as ContainerLine['stream'],
    time,
    text: line.slice(head.length),
    partial: tag === 'P',
  };
}

function readDockerLine(line: string): ContainerLine | undefined {
  if (!DOCKER_STREAM.test(line)) return undefined;
  try {
    const { log, stream, time, attrs } = JSON.parse(line) as Record<string, unknown>;
    if (typeof log !== 'string' || typeof time !== 'string') return undefined;
    if (stream !== 'stdout' && stream !== 'stderr') return undefined;
    const partial = !log.endsWith('\n');
    const text = partial ? log : log.slice(0, log.endsWith('\r\n') ? -2 : -1);
    return { stream, time, text, partial, ...(attrs !== undefined && { attrs }) };
  } catch {
    return undefined;
  }
}

/** The line in docker's form, in which the text may have several lines. */
export function toDockerLine({ text, stream, time, attrs }: ContainerLine): string {
  return JSON.stringify({ log: text, stream, ...(attrs !== undefined && { attrs }), time });
}
