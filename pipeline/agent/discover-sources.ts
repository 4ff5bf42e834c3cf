import { join } from 'node:path';
import { glob } from 'tinyglobby';
import type { Source } from './fluent-bit/profile.ts';

export interface ProposedSource {
  readonly type: Source['type'];
  readonly paths: string[];
  /** Number of files now. */
  readonly files: number;
}

/** The usual paths of a GPU worker's logs; `~` is the home of the agent's user. */
const USUAL: readonly (readonly [type: Source['type'], path: string])[] = [
  ['files', '/workspace/logs/*.log'],
  ['pm2', '/var/log/pm2/*.log'],
  ['pm2', '~/.pm2/logs/*.log'],
  ['slurm', '/workspace/slurm/*.out'],
  ['slurm', '/workspace/slurm/*.err'],
  ['slurm', '~/slurm-*.out'],
  ['slurm', '~/slurm-*.err'],
  ['docker', '/var/lib/docker/containers/*/*-json.log'],
  ['kubernetes', '/var/log/containers/*.log'],
  ['comfyui', '/workspace/ComfyUI/user/*.log'],
  ['vllm', '/var/log/vllm/*.log'],
];

/**
 * Finds sources that exist and are not collected.
 * @param collected paths and globs of the running configuration
 * @param root another folder than `/` to look in
 */
export async function discoverSources(
  home: string,
  collected: readonly string[],
  root = '/',
): Promise<ProposedSource[]> {
  const found = new Map<Source['type'], { type: Source['type']; paths: string[]; files: number }>();
  for (const [type, usual] of USUAL) {
    const path = usual.replace(/^~/, home);
    if (collected.includes(path)) continue;
    const pattern = join(root, path).slice(1);
    const files = await glob(pattern, { cwd: '/', expandDirectories: false, dot: true }).catch(() => []);
    if (files.length === 0) continue;
    const proposed = found.get(type) ?? { type, paths: [], files: 0 };
    proposed.paths.push(path);
    proposed.files += files.length;
    found.set(type, proposed);
  }
  return [...found.values()];
}
