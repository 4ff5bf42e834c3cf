import { parse } from 'yaml';
import { z } from 'zod';
import { HOST_NAME, USER_NAME } from '../../ssh/ssh-login.ts';
import type { SyncSource } from './sync-source.ts';

const TEXT = z.string().min(1);

/** Patterns of names as rsync reads them. */
const PATTERNS = z
  .array(z.string().regex(/^[^\0\n]{1,256}$/, 'must be a pattern of one line with at most 256 characters'))
  .max(100);

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
        include: PATTERNS.optional(),
        exclude: PATTERNS.optional(),
        max_bytes: z.int().min(1).optional(),
      }),
    )
    .min(1)
    .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, {
      message: 'names must differ',
    }),
});

/**
 * Reads the YAML of SYNC_SOURCES; every source is a folder that is synced with its sub-folders:
 *
 *     sources:
 *       - name: meluxina
 *         path: ~/ai-factory-benchmarks/logs
 *         host: login.lxp.lu          # without a host, the folder is a local or mounted one
 *         user: u100123
 *         port: 8822
 *         key: ~/.ssh/id_ed25519
 *         known_hosts: ~/.ssh/known_hosts
 *         include: ['*.out', '*.err']   # only these names
 *         exclude: ['checkpoints/']
 *         max_bytes: 1073741824         # larger files are passed over
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
  return result.data.sources.map(
    ({ name, path, machine_id, host, user, port, key, known_hosts, ...choice }) => ({
      name,
      machineId: machine_id ?? host ?? ownMachine,
      folder: path.length > 1 ? path.replace(/\/+$/, '') : path,
      optional: false,
      choice: { include: choice.include ?? [], exclude: choice.exclude ?? [], maxBytes: choice.max_bytes },
      mayBeBase: true,
      ...(host !== undefined && { ssh: { host, user, port, key, knownHosts: known_hosts } }),
    }),
  );
}

/** The folder below a base path that is synced. */
export function logsFolder(basePath: string): string {
  return `${basePath.replace(/\/+$/, '')}/logs`;
}
