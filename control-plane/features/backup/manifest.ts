import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../../pipeline/runtime/replace-file.ts';

const COUNT = z.int().min(0);
const MANIFEST = z.object({
  format: z.literal(1),
  /** The release that made the backup. */
  version: z.string(),
  schema_version: COUNT,
  created_at: z.string(),
  tables: z.array(z.object({ name: z.string().regex(/^[a-z_]+$/), rows: COUNT, parts: COUNT })),
  files: z.array(
    z.object({
      path: z.string().refine((path) => !path.split('/').includes('..') && !path.startsWith('/')),
      bytes: COUNT,
      sha256: z.string(),
    }),
  ),
});

/** The content of a backup. It is written last, so a folder without it is no complete backup. */
export type Manifest = z.infer<typeof MANIFEST>;

const NAME = 'manifest.json';

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(join(folder, NAME), `${JSON.stringify(manifest, undefined, 1)}\n`);
}

/** @throws Error where the folder is no complete backup */
export async function readManifest(folder: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(folder, NAME), 'utf8');
  } catch {
    throw new Error(`${folder} is not a complete backup: it has no ${NAME}`);
  }
  const result = MANIFEST.safeParse(JSON.parse(text));
  if (!result.success)
    throw new Error(`${join(folder, NAME)} cannot be read: ${result.error.issues[0]!.message}`);
  return result.data;
}
