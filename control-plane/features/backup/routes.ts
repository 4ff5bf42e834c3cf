import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import { isDiskFull } from '../../../pipeline/store/disk-full.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, optionalText } from '../../http/parameters.ts';
import { COUNT, TIME } from '../../http/record-schema.ts';
import type { Manifest } from './manifest.ts';

export interface BackupRoutesOptions {
  /** Undefined where the tables are in a ClickHouse server, which makes its own backups. */
  readonly backUp: ((folder: string) => Promise<Manifest>) | undefined;
}

export function addBackupRoutes(api: RouteFamily, { backUp }: BackupRoutesOptions): void {
  api.postParameters(
    '/api/v1/backup',
    {
      operationId: 'createBackup',
      summary: 'Back up the data folder',
      description:
        'Copies the data folder to an empty folder on the machine of the server, while the server runs. `logplane restore` ' +
        'restores it.',
      permission: 'admin',
      parameters: {
        dir: describe(
          optionalText,
          'The absolute path of an empty folder on the machine of the server',
          '/backups/2026-06-04',
        ),
      },
      response: z.object({
        format: z.int().meta({ description: 'The version of the form of backups', examples: [1] }),
        version: z.string().meta({ description: 'The version of Logplane', examples: ['0.1.0'] }),
        schema_version: z.int().meta({ description: 'The version of the tables', examples: [12] }),
        created_at: TIME,
        tables: z
          .array(z.object({ name: z.string(), rows: z.int(), parts: z.int() }))
          .meta({ examples: [[{ name: 'logs', rows: 1200, parts: 3 }]] }),
        files: COUNT.describe('Files that were copied, each with a checksum in the manifest'),
        bytes: COUNT.describe('The size of these files'),
      }),
    },
    async (_context, { dir }) => {
      if (dir === undefined || !isAbsolute(dir) || dir.includes('\0')) {
        throw badRequest(
          `dir: expected the absolute path of an empty folder on the server, got "${dir ?? ''}"`,
        );
      }
      if (!backUp)
        throw badRequest('the tables are in a ClickHouse server (CLICKHOUSE_URL); use its BACKUP statement');
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
