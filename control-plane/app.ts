import cors from '@koa/cors';
import Koa from 'koa';
import { LogStore } from '../pipeline/store/log-store.ts';
import { Api, type ApiOptions } from './http/api.ts';
import { isOfClient } from './http/client-error.ts';
import { respondToErrors } from './http/error-response.ts';
import { refuseForeignSites } from './http/foreign-sites.ts';
import type { OwnNames } from './http/own-names.ts';
import { countRequests, type RequestCounts } from './http/request-counts.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { refuseUnreadableAddress } from './http/unreadable-address.ts';
import { type AgentRoutesOptions, addAgentRoutes } from './routes/agents.ts';
import { type AlertRuleRoutesOptions, addAlertRuleRoutes } from './routes/alert-rules.ts';
import { type AlertRoutesOptions, addAlertRoutes } from './routes/alerts.ts';
import { addBackupRoutes, type BackupRoutesOptions } from './routes/backup.ts';
import { addDeadLetterRoutes, type DeadLetterRoutesOptions } from './routes/dead-letters.ts';
import { addDocumentRoutes } from './routes/document.ts';
import { addFileRoutes, type FileRoutesOptions } from './routes/files.ts';
import { addIngestRoutes, type IngestRoutesOptions } from './routes/ingest.ts';
import { addJobRoutes, type JobRoutesOptions } from './routes/jobs.ts';
import { addLogAnalysisRoutes, type LogAnalysisRoutesOptions } from './routes/log-analysis.ts';
import { addLogExportRoutes, type LogExportRoutesOptions } from './routes/log-export.ts';
import { addLogMetricRoutes, type LogMetricRoutesOptions } from './routes/log-metrics.ts';
import { addLogStreamRoutes, type LogStreamRoutesOptions } from './routes/log-stream.ts';
import { addLogRoutes, type LogRoutesOptions } from './routes/logs.ts';
import { addNodeRoutes, type NodeRoutesOptions } from './routes/nodes.ts';
import { addOperationsRoutes, type OperationsRoutesOptions } from './routes/operations.ts';
import { addOtlpRoutes, type OtlpRoutesOptions } from './routes/otlp.ts';
import { addProfileRoutes, type ProfileRoutesOptions } from './routes/profiles.ts';
import { addRetentionRoutes, type RetentionRoutesOptions } from './routes/retention.ts';
import { addServiceRoutes, type ServiceRoutesOptions } from './routes/services.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addSyncRoutes, type SyncRoutesOptions } from './routes/sync.ts';
import { addTemplateRoutes, type TemplateRoutesOptions } from './routes/templates.ts';
import { addWebPageRoutes, type WebPageRoutesOptions } from './routes/web-pages.ts';

export interface AppOptions
  extends IngestRoutesOptions,
    OtlpRoutesOptions,
    LogRoutesOptions,
    LogAnalysisRoutesOptions,
    LogExportRoutesOptions,
    LogMetricRoutesOptions,
    RetentionRoutesOptions,
    BackupRoutesOptions,
    LogStreamRoutesOptions,
    ServiceRoutesOptions,
    FileRoutesOptions,
    SyncRoutesOptions,
    JobRoutesOptions,
    NodeRoutesOptions,
    TemplateRoutesOptions,
    AgentRoutesOptions,
    ProfileRoutesOptions,
    AlertRoutesOptions,
    AlertRuleRoutesOptions,
    DeadLetterRoutesOptions,
    OperationsRoutesOptions,
    WebPageRoutesOptions,
    ApiOptions {
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  readonly ownNames: OwnNames;
  readonly onDefect: (error: unknown, context?: Koa.Context) => void;
  readonly requestCounts: RequestCounts;
  /** Logs requests and answers; told how to name the route of a request. */
  readonly requestLog: ((endpoint: (context: Koa.Context) => string | null) => Koa.Middleware) | undefined;
}

/** The whole HTTP interface: every address family is one line here. */
export function createApp(options: AppOptions): Koa {
  const api = new Api(options);
  addIngestRoutes(api.family('Ingest'), options);
  addOtlpRoutes(api.family('Ingest'), options);
  addDeadLetterRoutes(api.family('Ingest'), options);
  addLogRoutes(api.family('Logs'), options);
  addLogAnalysisRoutes(api.family('Logs'), options);
  addLogExportRoutes(api.family('Logs'), options);
  addLogStreamRoutes(api.family('Logs'), { ...options, store: options.store.for('tails') });
  addLogMetricRoutes(api.family('Logs'), options);
  addRetentionRoutes(api.family('Retention'), options);
  if (options.archive) {
    const archived = { clickhouse: options.archive.reader, store: new LogStore(options.archive.reader) };
    const family = api.family('Archive', ['/api/v1/logs', '/api/v1/archive']);
    addLogRoutes(family, archived);
    addLogAnalysisRoutes(family, archived);
    addLogExportRoutes(family, archived);
  }
  addServiceRoutes(api.family('Services and files'), options);
  addFileRoutes(api.family('Services and files'), options);
  addSyncRoutes(api.family('Services and files'), options);
  addJobRoutes(api.family('Jobs'), options);
  addNodeRoutes(api.family('Nodes'), { ...options, store: options.store.for('tails') });
  addAgentRoutes(api.family('Fleet'), options);
  addProfileRoutes(api.family('Fleet'), options);
  addTemplateRoutes(api.family('Fleet'), options);
  addAlertRoutes(api.family('Alerts'), options);
  addAlertRuleRoutes(api.family('Alerts'), options);
  addOperationsRoutes(api.family('Operations'), options);
  addBackupRoutes(api.family('Operations'), options);
  addSessionRoutes(api.family('Operations'), options);
  addWebPageRoutes(api.family('Web pages'), options);
  addDocumentRoutes(api, options);

  const app = new Koa();
  app.on('error', (error: unknown) => {
    if (!isOfClient(error)) options.onDefect(error);
  });
  const endpoint = (context: Koa.Context) => api.endpoint(context);
  app.use(setSecurityHeaders);
  app.use(refuseUnreadableAddress);
  app.use(countRequests(options.requestCounts, endpoint));
  if (options.requestLog) app.use(options.requestLog(endpoint));
  app.use(respondToErrors(options.onDefect));
  if (options.corsOrigins.length > 0) app.use(cors({ origin: allowedOrigin(options.corsOrigins) }));
  app.use(
    refuseForeignSites({
      allowedOrigins: options.corsOrigins,
      trustNames: !options.auth.isOpen('change'),
      ownNames: options.ownNames,
    }),
  );
  app.use(api.router.routes());
  app.use(api.router.allowedMethods());
  return app;
}

function allowedOrigin(origins: readonly string[]): (context: Koa.Context) => string {
  return (context) => {
    const origin = context.get('Origin');
    return origins.includes(origin) || origins.includes('*') ? origin : '';
  };
}
