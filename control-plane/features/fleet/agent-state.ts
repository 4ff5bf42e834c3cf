import type { AgentReport } from './agent-report.ts';
import type { ConfigSummary } from './machine-config.ts';

export type AgentState = 'healthy' | 'lagging' | 'silent' | 'wrong_config' | 'down' | 'disabled';

/** Silence after which an agent counts as silent: three heartbeats. */
export const SILENT_MILLISECONDS = 30_000;
const LAGGING_BYTES = 16 * 1024 * 1024;
const LAGGING_CHUNKS = 16;

/** @param expected the configuration that the machine should run */
export function stateOf(
  report: AgentReport | undefined,
  expected: ConfigSummary,
  now: number,
): { readonly state: AgentState; readonly reason: string } {
  if (!report) return { state: 'silent', reason: 'has never reported' };
  const quiet = Math.round((now - report.last_seen) / 1000);
  if (quiet * 1000 > SILENT_MILLISECONDS) return { state: 'silent', reason: `no heartbeat for ${quiet} s` };
  if (report.status === 'down') {
    return { state: 'down', reason: report.problem ?? 'Fluent Bit does not run' };
  }
  if (expected.problem !== '') {
    return { state: 'wrong_config', reason: `its configuration cannot be rendered: ${expected.problem}` };
  }
  if (report.config_hash !== undefined && report.config_hash !== expected.hash) {
    const refused = report.refused?.config_hash === expected.hash ? report.refused.reason : undefined;
    return { state: 'wrong_config', reason: refused ?? 'has not taken the new configuration yet' };
  }
  if (report.status === 'disabled') return { state: 'disabled', reason: 'DISABLE_FLUENT_BIT_LOGGING is set' };
  const { lag_bytes = 0, backlog_chunks = 0 } = report;
  if (lag_bytes > LAGGING_BYTES)
    return { state: 'lagging', reason: `${(lag_bytes / 1e6).toFixed(1)} MB of its files are not read yet` };
  if (backlog_chunks > LAGGING_CHUNKS)
    return { state: 'lagging', reason: `${backlog_chunks} chunks wait to be sent` };
  if (report.stuck) return { state: 'lagging', reason: 'attempts to send fail' };
  return { state: 'healthy', reason: report.problem ?? '' };
}
