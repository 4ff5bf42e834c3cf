import { createHash } from 'node:crypto';
import { describeProblem } from '../../../pipeline/agent/fluent-bit/problem.ts';
import { mergeProfiles, type Profile } from '../../../pipeline/agent/fluent-bit/profile.ts';
import { type RenderedConfig, renderConfig } from '../../../pipeline/agent/fluent-bit/render-config.ts';
import type { Templates } from '../../../pipeline/agent/fluent-bit/templates.ts';
import type { Value, Variables } from '../../../pipeline/agent/fluent-bit/variables.ts';

/** The inputs of a machine's configuration, from the widest to the most specific. */
export interface ConfigInputs {
  readonly machineId: string;
  /** `http://host:port` to which records are sent, unless a variable has another one. */
  readonly server: string;
  readonly fleet: Profile | undefined;
  readonly group: Profile | undefined;
  /** Variables of the machine's own environment. */
  readonly reported: Variables;
  readonly machine: Profile | undefined;
}

/** What a list needs of a configuration. */
export interface ConfigSummary {
  /** SHA-256 of all files, hexadecimal; '' where nothing could be rendered. */
  readonly hash: string;
  /** Why it could not be rendered, in short; '' where it was. */
  readonly problem: string;
}

export interface MachineConfig extends RenderedConfig, ConfigSummary {
  readonly merged: Profile;
}

/** Summaries are 150 bytes each, with a problem 500; the files of a configuration are 15 kB. */
const MAX_SUMMARIES = 50_000;
const MAX_CONFIGS = 200;
/** Machines report values of any length. */
const MAX_PROBLEM_CHARACTERS = 300;

/** Renders configurations of machines. Every list of the fleet needs the summaries of all machines, so these are remembered. */
export class MachineConfigs {
  readonly #templates: Templates;
  readonly #summaries = new Map<string, ConfigSummary>();
  readonly #configs = new Map<string, MachineConfig>();

  constructor(templates: Templates) {
    this.#templates = templates;
  }

  get(inputs: ConfigInputs): MachineConfig {
    return this.#get(keyOf(inputs), inputs);
  }

  /** A machine's configuration that was rendered lately. */
  find(machineId: string, hash: string): MachineConfig | undefined {
    for (const config of this.#configs.values()) {
      if (config.hash === hash && config.merged.variables.MACHINE_ID === machineId) return config;
    }
    return undefined;
  }

  summary(inputs: ConfigInputs): ConfigSummary {
    const key = keyOf(inputs);
    const known = this.#summaries.get(key);
    if (known !== undefined) return known;
    const { hash, problem } = this.#get(key, inputs);
    const summary = { hash, problem };
    remember(this.#summaries, key, summary, MAX_SUMMARIES);
    return summary;
  }

  #get(key: string, inputs: ConfigInputs): MachineConfig {
    const config = this.#configs.get(key) ?? this.#render(inputs);
    remember(this.#configs, key, config, MAX_CONFIGS);
    return config;
  }

  #render({ machineId, server, fleet, group, reported, machine }: ConfigInputs): MachineConfig {
    const layers = [
      layer(defaultsFor(server)),
      ...(fleet ? [fleet] : []),
      ...(group ? [group] : []),
      layer(reported),
      ...(machine ? [machine] : []),
      layer({ MACHINE_ID: machineId }),
    ];
    const merged = mergeProfiles(layers);
    const rendered = renderConfig(this.#templates, {
      template: merged.template ?? 'fluent-bit-worker.conf',
      variables: merged.variables,
      sources: merged.sources,
      parsers: merged.parsers,
    });
    const problem = rendered.problems.map(describeProblem).join('; ').slice(0, MAX_PROBLEM_CHARACTERS);
    return { ...rendered, hash: hashOf(rendered), problem, merged };
  }
}

function keyOf(inputs: ConfigInputs): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('base64');
}

/** Remembers a value; beyond `max` entries the least recently used one is forgotten. */
function remember<T>(known: Map<string, T>, key: string, value: T, max: number): void {
  known.delete(key);
  known.set(key, value);
  if (known.size > max) known.delete(known.keys().next().value!);
}

const layer = (variables: Variables): Profile => ({ variables: { ...variables }, sources: [], parsers: [] });

/** Default variables: a machine sends to the server that it reports to, and its records get its id alone. */
function defaultsFor(server: string): Record<string, Value> {
  const { protocol, hostname, port } = new URL(server);
  const tls = protocol === 'https:';
  return {
    WORKER_ID: '',
    DEPLOYMENT_ENV: '',
    REGION: '',
    LOGS_HOST: hostname.replace(/^\[(.*)\]$/, '$1'),
    LOGS_PORT: port || (tls ? 443 : 80),
    LOGS_TLS: String(tls),
  };
}

function hashOf({ files }: RenderedConfig): string {
  if (files.length === 0) return '';
  const hash = createHash('sha256');
  for (const { name, content } of files) hash.update(`${name}\0${content}\0`);
  return hash.digest('hex');
}
