import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { Feature } from '../../http/feature.ts';
import { packageVersion } from '../../http/package-version.ts';
import type { ServerSettings } from '../../server-settings.ts';
import { createBackup } from './create-backup.ts';
import { refuseOwnFolder } from './refuse-own-folder.ts';
import { addBackupRoutes } from './routes.ts';

/** Backups of the data folder while the server runs; a ClickHouse server has its own. */
export function createBackups(
  { CLICKHOUSE_URL, DATA_DIR, LOG_DIR }: Pick<ServerSettings, 'CLICKHOUSE_URL' | 'DATA_DIR' | 'LOG_DIR'>,
  clickhouse: ClickHouse,
): Feature {
  const backUp =
    CLICKHOUSE_URL === undefined
      ? async (folder: string) => {
          await refuseOwnFolder(folder, { DATA_DIR, LOG_DIR });
          return createBackup({ clickhouse, dataDir: DATA_DIR, folder, version: packageVersion() });
        }
      : undefined;
  return { addRoutes: (api) => addBackupRoutes(api.family('Operations'), { backUp }) };
}
