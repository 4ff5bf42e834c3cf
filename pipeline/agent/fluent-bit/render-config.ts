import type { Problem } from './problem.ts';
import { nameOf, type Parser, type Source } from './profile.ts';
import { TemplateError, type Templates } from './templates.ts';
import { OUTPUTS, resolveVariables, type Value, type Variables } from './variables.ts';

export interface ConfigFile {
  readonly name: string;
  readonly content: string;
}

export interface RenderedConfig {
  /** The main file; '' where it could not be rendered. */
  readonly config: string;
  /** All files of the configuration, the main file first. */
  readonly files: readonly ConfigFile[];
  readonly problems: readonly Problem[];
}

export interface RenderRequest {
  /** Name of a template, for instance `fluent-bit-worker.conf`. */
  readonly template: string;
  readonly variables: Variables;
  readonly sources?: readonly Source[];
  readonly parsers?: readonly Parser[];
}

const STACKS = 'python-cuda,node,java,go';
const DEFAULT_PATHS: Readonly<Partial<Record<Source['type'], string>>> = {
  files: '/workspace/logs/*.log',
  pm2: '/var/log/pm2/*.log',
  slurm: '/workspace/slurm/*.out,/workspace/slurm/*.err',
  docker: '/var/lib/docker/containers/*/*-json.log',
  kubernetes: '/var/log/containers/*.log',
  comfyui: '/workspace/ComfyUI/user/*.log',
  vllm: '/var/log/vllm/*.log',
};
const SERVICES: ReadonlySet<string> = new Set(['comfyui', 'vllm']);
const TLS_PORTS: ReadonlySet<Value> = new Set([443, 4443]);
/** Chunks have 2 MB, and reading pauses at `BUFFER_CHUNKS` of each input: far from where chunks would be thrown away. */
const MEGABYTES_PER_CHUNK = 16;

/** Renders a template with the files that it refers to. Never throws; `problems` has the errors. */
export function renderConfig(templates: Templates, request: RenderRequest): RenderedConfig {
  const { variables, problems } = resolveVariables(request.variables);
  const sources = request.sources?.length ? request.sources : defaultSources(variables);
  problems.push(...checkSources(sources));
  if (variables.OUTPUTS?.toString().includes('otlp') && !variables.OTLP_HOST) {
    problems.push({
      check: 'variables',
      field: 'OTLP_HOST',
      message: 'OTLP_HOST is missing: the output otlp needs it',
    });
  }
  if (problems.length > 0) return { config: '', files: [], problems };
  try {
    const context = createContext(variables, sources, request.parsers ?? []);
    const names = [request.template, ...companions(request.template, variables)];
    const files = names.map((name) => ({ name, content: templates.render(name, context) }));
    return { config: files[0]!.content, files, problems };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { config: '', files: [], problems: [error.problem] };
  }
}

function companions(template: string, variables: Variables): string[] {
  if (!template.startsWith('fluent-bit-')) return [];
  const files = ['parsers.conf'];
  if (isLimited(variables)) files.push('limit.lua');
  if (variables.REDACT) files.push('redact.lua');
  return files;
}

const isLimited = ({ RATE_LIMIT, SAMPLE_ONE_IN }: Variables) => RATE_LIMIT !== 0 || SAMPLE_ONE_IN !== 1;

function defaultSources({ LOG_SOURCES }: Variables): Source[] {
  const types = String(LOG_SOURCES ?? '').split(',') as Source['type'][];
  return types.map((type) => ({ type }));
}

/** Two inputs of one name would share their positions, and the second would read nothing. */
function checkSources(sources: readonly Source[]): Problem[] {
  const names = sources.map(nameOf);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  return repeated === undefined
    ? []
    : [
        {
          check: 'profile',
          field: 'sources',
          message: `sources: two of them have the name "${repeated}"; give each a name of its own`,
        },
      ];
}

function createContext(variables: Variables, given: readonly Source[], parsers: readonly Parser[]): object {
  const disabled = variables.DISABLE_FLUENT_BIT_LOGGING === true;
  const sources = disabled ? [] : given.filter(({ enabled }) => enabled !== false);
  const named = (types: readonly string[]) =>
    sources.filter(({ type }) => types.includes(type)).map((source) => ({ ...source, name: nameOf(source) }));
  const shared = {
    ...variables,
    BUFFER_LIMIT: `${Number(variables.BUFFER_CHUNKS) * MEGABYTES_PER_CHUNK}M`,
    TLS: variables.LOGS_TLS === 'true' || (variables.LOGS_TLS === 'auto' && variables.LOGS_PORT === 443),
    TOKEN: tokenOf(variables),
    OTLP_TLS: TLS_PORTS.has(variables.OTLP_PORT!),
    STACKS,
    CONTAINERS: containerTags(named(['fluentd', 'docker'])),
    LIMITED: isLimited(variables),
    MULTILINE: variables.MULTILINE || isLimited(variables),
  };
  return {
    ...shared,
    inputs: sources.map((source) => inputOf(source, variables)),
    FORWARD: named(['fluentd']).length > 0,
    slurm: named(['slurm']),
    services: named([...SERVICES]).map(({ name, type }) => ({ name, service: type })),
    parsers: parsers.map(({ regex, time_key, time_format, ...parser }) => ({
      ...parser,
      regex,
      time_key,
      time_format,
    })),
    outputs: disabled
      ? []
      : OUTPUTS.filter((name) => String(variables.OUTPUTS).split(',').includes(name)).map((name) => ({
          ...shared,
          partial: `fluent-bit/outputs/${name}`,
        })),
  };
}

/** The name of the secret that the receiver of `/logs/ingest` asks for; '' where it asks for none. */
function tokenOf({ INGEST_TOKEN, DASH0_API_KEY, LOGS_HOST }: Variables): string {
  if (INGEST_TOKEN) return 'INGEST_TOKEN';
  return DASH0_API_KEY && /(^|\.)dash0\.com$/i.test(String(LOGS_HOST)) ? 'DASH0_API_KEY' : '';
}

/** Tags of what comes line by line, as a regular expression; '' for none. */
function containerTags(sources: readonly { readonly type: string; readonly name: string }[]): string {
  return sources
    .map(({ type, name }) => (type === 'fluentd' ? '^container\\.' : `^${name}\\.logs$`))
    .join('|');
}

/** What joins lines where they are read; undefined where the server does it. */
function joinerOf({ type }: Source, variables: Variables): string | undefined {
  if (type === 'docker') return 'docker';
  if (!variables.MULTILINE && !isLimited(variables)) return undefined;
  return type === 'kubernetes' ? 'docker,cri' : STACKS;
}

function inputOf(source: Source, variables: Variables): object {
  const json = source.type === 'pm2' && source.format === 'json';
  const parser = source.parser ?? (json ? 'pm2-json' : undefined);
  const joined = joinerOf(source, variables);
  return {
    partial: `fluent-bit/inputs/${source.type}`,
    name: nameOf(source),
    path: source.paths?.join(',') ?? DEFAULT_PATHS[source.type],
    exclude: source.exclude?.join(','),
    stat: source.shared === true || variables.FILE_WATCH === 'stat',
    parser,
    // A line that a parser takes apart has no stack below it. The limit would leave out the frames of an error, which show no level.
    multiline: parser === undefined ? joined : undefined,
    // Where lines are taken apart, joined, left out or changed here, offsets say nothing of what is missing; and only Logplane reads them.
    offsets:
      parser === undefined && joined === undefined && !variables.REDACT && variables.OUTPUTS === 'logplane',
    listen: source.listen ?? variables.FORWARD_LISTEN,
    port: source.port ?? variables.FORWARD_PORT,
    units: source.units ?? [],
    STATE_DIR: variables.FLUENT_BIT_STATE_DIR,
  };
}
