import { parseClassic } from './fluent-bit/parse-classic.ts';
import type { ConfigFile } from './fluent-bit/render-config.ts';
import { propertyOf, type Section } from './fluent-bit/section.ts';
import { parseYaml } from './fluent-bit/yaml-format.ts';

/** The parts of a configuration that the agent needs. */
export interface RunningConfig {
  readonly hash: string;
  readonly files: readonly ConfigFile[];
  /** Port of Fluent Bit's status address. */
  readonly port: number;
  /** Paths and globs that are tailed. */
  readonly paths: readonly string[];
  /** Folder of the buffer. */
  readonly storage: string | undefined;
  /** Chunks that may wait there before reading pauses. */
  readonly chunks: number;
  /** Folders that must be there before Fluent Bit starts. */
  readonly folders: readonly string[];
  /** False where it has no input. */
  readonly collects: boolean;
}

const DEFAULT_PORT = 2020;
const DEFAULT_CHUNKS = 128;

export function describeConfig(hash: string, files: readonly ConfigFile[]): RunningConfig {
  const [main] = files;
  const parse = main?.name.endsWith('.yaml') ? parseYaml : parseClassic;
  const { sections } = parse(main?.name ?? '', main?.content ?? '');
  const service = sections.find(({ name }) => name === 'SERVICE');
  const inputs = sections.filter(({ name }) => name === 'INPUT');
  const storage = service && propertyOf(service, 'storage.path');
  const values = (of: readonly Section[], key: string) =>
    of.flatMap((section) => propertyOf(section, key) ?? []);
  return {
    hash,
    files,
    port: Number((service && propertyOf(service, 'http_port')) ?? DEFAULT_PORT),
    paths: values(inputs, 'path').flatMap((path) => path.split(',')),
    storage,
    chunks: Number((service && propertyOf(service, 'storage.max_chunks_up')) ?? DEFAULT_CHUNKS),
    folders: [
      ...values(inputs, 'db').map((path) => path.replace(/\/[^/]*$/, '')),
      ...(storage ? [storage] : []),
    ],
    collects: inputs.length > 0,
  };
}
