import { isAbsolute } from 'node:path';
import type Router from 'koa-router';
import { badRequest } from '../../pipeline/errors.ts';
import type { Manifest } from '../backup/manifest.ts';
import { optionalText, readParameters } from '../http/parameters.ts';
import { type ReadRouteOptions, readPostedParameters } from '../http/read-route.ts';

export interface BackupRoutesOptions extends ReadRouteOptions {
  /** Undefined where the tables are in a ClickHouse server, which makes its own backups. */
  readonly backUp: ((folder: string) => Promise<Manifest>) | undefined;
}

export function addBackupRoutes(router: Router, { auth, body, backUp }: BackupRoutesOptions): void {
  router.post('/api/v1/backup', auth.require('admin'), readPostedParameters(body), async (context) => {
    const { dir } = readParameters(context, { dir: optionalText });
    if (dir === undefined || !isAbsolute(dir)) {
      throw badRequest(
        `dir: expected the absolute path of an empty folder of the server, got "${dir ?? ''}"`,
      );
    }
    if (!backUp) throw badRequest('the tables are in a ClickHouse server: use its own BACKUP statement');
    const { files, ...manifest } = await backUp(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('E') || /is not empty$/.test(error.message))
        throw badRequest(`dir: ${error.message}`);
      throw error;
    });
    context.body = {
      ...manifest,
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}
