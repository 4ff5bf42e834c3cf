import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { isDiskFull } from '../../../pipeline/store/disk-full.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, optionalText } from '../../http/parameters.ts';
import { TIME } from '../../http/record-schema.ts';
import type { Manifest } from './manifest.ts';

export interface BackupRoutesOptions {
  /** Undefined where the tables are in a ClickHouse server, which makes its own backups. */
  readonly backUp: ((folder: string) => Promise<Manifest>) | undefined;
}

export function addBackupRoutes(api: RouteFamily, { backUp }: BackupRoutesOptions): void {
  api.postParameters(
    '/api/v1/backup',
    {
      summary: 'Copies the data folder, while the server runs',
      right: 'admin',
      parameters: {
        dir: describe(optionalText, 'Absolute path of an empty folder on the machine of the server'),
      },
      answer: z.object({
        format: z.int(),
        version: z.string(),
        schema_version: z.int(),
        created_at: TIME,
        tables: z.array(z.object({ name: z.string(), rows: z.int(), parts: z.int() })),
        files: z.int().describe('Each has a checksum in the manifest of the backup'),
        bytes: z.int(),
      }),
    },
    async (_context, { dir }) => {
      if (dir === undefined || !isAbsolute(dir) || dir.includes('\0')) {
        throw badRequest(
          `dir: expected the absolute path of an empty folder of the server, got "${dir ?? ''}"`,
        );
      }
      if (!backUp) throw badRequest('the tables are in a ClickHouse server: use its own BACKUP statement');
      const { files, ...manifest } = await backUp(dir).catch((error: NodeJS.ErrnoException) => {
        if (isDiskFull(error)) throw error;
        if (String(error.code).startsWith('E') || /is not empty$/.test(error.message))
          throw badRequest(`dir: ${error.message}`);
        throw error;
      });
      return { ...manifest, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
  );
}
