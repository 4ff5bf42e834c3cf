import { parse } from 'yaml';
import { z } from 'zod';
import { HOST_NAME, USER_NAME } from '../../ssh/ssh-login.ts';
import type { SyncSource } from './sync-source.ts';

const TEXT = z.string().min(1);

const FILE = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, "_" and "-"'),
        path: z.string().regex(/^(?!~[^/])[^\0]+$/, 'must be a folder: absolute, relative or below ~/'),
        machine_id: TEXT.optional(),
        host: z.string().regex(HOST_NAME, 'must be a host name or address').optional(),
        user: z.string().regex(USER_NAME, 'must be a user name').optional(),
        port: z.int().min(1).max(65_535).optional(),
        key: TEXT.optional(),
        known_hosts: TEXT.optional(),
      }),
    )
    .min(1)
    .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, {
      message: 'names must differ',
    }),
});

/**
 * Reads the YAML of SYNC_SOURCES; every source is a base folder whose `logs/` is synced:
 *
 *     sources:
 *       - name: meluxina
 *         path: ~/ai-factory-benchmarks
 *         host: login.lxp.lu          # without a host, the folder is a local or mounted one
 *         user: u100123
 *         port: 8822
 *         key: ~/.ssh/id_ed25519
 *         known_hosts: ~/.ssh/known_hosts
 *
 * @throws Error with every problem, one per line
 */
export function parseSources(text: string, ownMachine: string): SyncSource[] {
  const result = FILE.safeParse(parse(text));
  if (!result.success) {
    throw new Error(
      result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    );
  }
  return result.data.sources.map(({ name, path, machine_id, host, user, port, key, known_hosts }) => ({
    name,
    machineId: machine_id ?? host ?? ownMachine,
    folder: logsFolder(path),
    optional: false,
    ...(host !== undefined && { ssh: { host, user, port, key, knownHosts: known_hosts } }),
  }));
}

/** The folder below a base path that is synced. */
export function logsFolder(basePath: string): string {
  return `${basePath.replace(/\/+$/, '')}/logs`;
}
