import { isMachineId, MACHINE_ID_FORM } from '../machine-id.ts';
import type { Problem } from './problem.ts';

export type Value = string | number | boolean;
export type Variables = Readonly<Record<string, Value>>;

/** Reads a value's text. @throws ExpectedError that says what was expected */
type Read = (text: string) => Value;

export interface VariableDefinition {
  readonly description: string;
  /** Other names of the variable; its own name wins. */
  readonly aliases?: readonly string[];
  /** A variable without a default must be given. */
  readonly default?: Value;
  /** The value never enters a configuration, which refers to Fluent Bit's environment instead. */
  readonly secret?: true;
  readonly read: Read;
}

class ExpectedError extends Error {}

function matching(pattern: RegExp, expected: string): Read {
  return (text) => {
    if (!pattern.test(text)) throw new ExpectedError(expected);
    return text;
  };
}

function whole(minimum: number, maximum: number): Read {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum))
      throw new ExpectedError(`a whole number from ${minimum} to ${maximum}`);
    return value;
  };
}

function oneOf(...values: readonly string[]): Read {
  return (text) => {
    const value = text.toLowerCase();
    if (!values.includes(value)) throw new ExpectedError(`one of ${values.join(', ')}`);
    return value;
  };
}

function listOf(...values: readonly string[]): Read {
  return (text) => {
    const items = text.split(',').map((item) => item.trim().toLowerCase());
    if (!items.every((item) => values.includes(item)))
      throw new ExpectedError(`some of ${values.join(', ')}, with commas between them`);
    return items.join(',');
  };
}

const yesOrNo: Read = (text) => oneOf('true', 'false')(text) === 'true';
const port = whole(1, 65_535);
const host = matching(
  /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$|^[0-9a-fA-F:]+$/,
  'a host name or address',
);
const anyText = matching(/^.{0,256}$/, 'at most 256 characters');
const path = matching(/^\/[^,"]{0,1000}$/, 'an absolute path');
const machineId: Read = (text) => {
  if (!isMachineId(text)) throw new ExpectedError(MACHINE_ID_FORM);
  return text;
};
const optionalHost: Read = (text) => (text === '' ? text : host(text));

export const SOURCE_TYPES = [
  'files',
  'pm2',
  'slurm',
  'docker',
  'kubernetes',
  'fluentd',
  'systemd',
  'comfyui',
  'vllm',
] as const;
export const OUTPUTS = ['logplane', 'otlp', 'stdout'] as const;

/** Every variable that the templates know, as an operator sets it in a profile or in the environment of an agent. */
export const VARIABLES: Readonly<Record<string, VariableDefinition>> = {
  MACHINE_ID: { description: 'stamped on every record', read: machineId },
  WORKER_ID: { description: 'stamped on every record; empty = not stamped', read: anyText },
  DEPLOYMENT_ENV: {
    description: 'stamped on every record; empty = not stamped',
    aliases: ['RAILWAY_ENVIRONMENT'],
    read: anyText,
  },
  REGION: {
    description: 'stamped on every record; empty = not stamped',
    aliases: ['RAILWAY_REGION'],
    read: anyText,
  },
  LOGS_HOST: { description: 'where records are sent', aliases: ['DASH0_LOGS_HOST'], read: host },
  LOGS_PORT: { description: 'port of LOGS_HOST', aliases: ['DASH0_LOGS_PORT'], read: port },
  LOGS_TLS: {
    description: 'send over TLS; auto = on port 443',
    default: 'auto',
    read: oneOf('auto', 'true', 'false'),
  },
  INGEST_TOKEN: { description: 'bearer token for LOGS_HOST', default: '', secret: true, read: anyText },
  OUTPUTS: {
    description: `where records go: ${OUTPUTS.join(', ')}`,
    default: 'logplane',
    read: listOf(...OUTPUTS),
  },
  OTLP_HOST: { description: 'OTLP/HTTP backend of the output otlp', default: '', read: optionalHost },
  OTLP_PORT: { description: 'its port; 443 and 4443 use TLS', default: 443, read: port },
  OTLP_URI: {
    description: 'its path',
    default: '/v1/logs',
    read: matching(/^\/[\w./-]*$/, 'a path such as /v1/logs'),
  },
  DASH0_API_KEY: { description: 'bearer token for OTLP_HOST', default: '', secret: true, read: anyText },
  LOG_SOURCES: {
    description: `what is collected where no sources are listed: ${SOURCE_TYPES.join(', ')}`,
    default: 'files,pm2',
    read: listOf(...SOURCE_TYPES),
  },
  FORWARD_LISTEN: {
    description: "address that the source fluentd listens on for docker's logging driver",
    default: '127.0.0.1',
    read: host,
  },
  FORWARD_PORT: { description: 'its port', default: 24_224, read: port },
  FLUSH: {
    description: 'seconds between sends',
    default: '1',
    read: matching(/^(?!0+(\.0+)?$)\d{1,2}(\.\d{1,3})?$/, 'seconds such as 1 or 0.2'),
  },
  LOG_LEVEL: {
    description: "of Fluent Bit's own output",
    default: 'info',
    read: oneOf('error', 'warn', 'info', 'debug', 'trace'),
  },
  FLUENT_BIT_HTTP_PORT: { description: 'its status and reload address', default: 2020, read: port },
  FLUENT_BIT_HTTP_LISTEN: {
    description: 'address that it listens on: whoever reaches it can reload Fluent Bit',
    default: '127.0.0.1',
    read: host,
  },
  FLUENT_BIT_STATE_DIR: {
    description: 'positions and buffer',
    default: '/var/lib/fluent-bit',
    read: path,
  },
  BUFFER_CHUNKS: {
    description: 'chunks of about 2 MB that may wait on disk before reading of files pauses',
    default: 128,
    read: whole(4, 10_000),
  },
  BUFFER_SYNC: {
    description:
      'full: the buffer survives a power cut; normal: the death of Fluent Bit, and less is written',
    default: 'full',
    read: oneOf('normal', 'full'),
  },
  MULTILINE: {
    description:
      'join stack traces in Fluent Bit, for receivers other than Logplane, which joins them itself',
    default: false,
    read: yesOrNo,
  },
  FILE_WATCH: {
    description: 'how changes of files are found; stat also sees those of network file systems',
    default: 'inotify',
    read: oneOf('inotify', 'stat'),
  },
  RATE_LIMIT: {
    description: 'lines per second and file or container, errors not counted; 0 = no limit',
    default: 0,
    read: whole(0, 1_000_000),
  },
  SAMPLE_ONE_IN: {
    description: 'keep one in so many lines that are no warning or error',
    default: 1,
    read: whole(1, 100_000),
  },
  REDACT: { description: 'mask secrets on the machine already', default: false, read: yesOrNo },
  WATCH_LINE_RATE: {
    description: 'go back to the last configuration when a new one collects hardly anything',
    default: true,
    read: yesOrNo,
  },
  DISABLE_FLUENT_BIT_LOGGING: { description: 'collect nothing', default: false, read: yesOrNo },
};

/** Characters with which a value could leave its line or refer to the environment. */
const UNSAFE = /[\p{Cc}\u2028\u2029]|\$\{/u;

/**
 * Resolves variables to their values, under their own names and with their defaults. Problems name each that is missing, unknown or
 * wrong.
 * @param required false: missing variables are no problem, so that a profile can be checked before it is merged
 */
export function resolveVariables(
  given: Variables,
  { required = true }: { required?: boolean } = {},
): { variables: Record<string, Value>; problems: Problem[] } {
  const variables: Record<string, Value> = {};
  const problems: Problem[] = [];
  const refuse = (field: string, message: string) => problems.push({ check: 'variables', field, message });
  const known = new Set<string>();

  for (const [name, definition] of Object.entries(VARIABLES)) {
    const names = [name, ...(definition.aliases ?? [])];
    for (const each of names) known.add(each);
    const used = names.find((each) => given[each] !== undefined);
    if (used === undefined) {
      if (definition.default !== undefined) variables[name] = definition.default;
      else if (required) refuse(name, `${names.join(' or ')} is missing: ${definition.description}`);
      continue;
    }
    const text = String(given[used]);
    try {
      if (UNSAFE.test(text)) throw new ExpectedError('text without control characters, line breaks and ${');
      variables[name] = definition.read(text);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      const shown = definition.secret ? 'a value that is not shown' : JSON.stringify(given[used]);
      refuse(used, `${used}: expected ${error.message}, got ${shown}`);
    }
  }
  for (const name of Object.keys(given)) {
    if (!known.has(name)) refuse(name, `${name} is no variable of the templates`);
  }
  return { variables, problems };
}

/** The variables in an environment, under the names that they have there; empty ones count as unset. */
export function variablesOf(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names = Object.entries(VARIABLES).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

/** The variables under their own names, so that values under different aliases can be merged. */
export function withOwnNames(given: Variables): Record<string, Value> {
  const renamed: Record<string, Value> = { ...given };
  for (const [name, { aliases = [] }] of Object.entries(VARIABLES)) {
    for (const alias of aliases) {
      const value = renamed[alias];
      delete renamed[alias];
      if (value !== undefined) renamed[name] ??= value;
    }
  }
  return renamed;
}
