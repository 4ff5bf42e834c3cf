import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import type { Feature } from '../../http/feature.ts';
import type { RecordStreams } from '../../http/record-stream.ts';
import { addLogAnalysisRoutes } from './analysis-routes.ts';
import { addLogExportRoutes } from './export-routes.ts';
import { addLogRoutes } from './routes.ts';
import { addLogStreamRoutes } from './stream-routes.ts';

/** Search, counts, exports and live tails of records. */
export function createLogs(clickhouse: ClickHouse, streams: RecordStreams): Feature {
  return {
    addRoutes(api) {
      const family = api.family('Logs', 'Search, count, follow and export records.');
      addReadingRoutes(family, new LogStore(clickhouse));
      addLogStreamRoutes(family, streams);
    },
  };
}

/** The routes that read records: of the store, or of an archive. */
export function addReadingRoutes(family: RouteFamily, store: LogStore): void {
  addLogRoutes(family, store);
  addLogAnalysisRoutes(family, store);
  addLogExportRoutes(family, store);
}
