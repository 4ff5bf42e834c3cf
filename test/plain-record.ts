import type { LogRecord } from '../pipeline/record/log-record.ts';

/** A record with nothing in it but what the test names. */
export function plainRecord(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    timestamp: { seconds: 1_700_000_000, nanos: 0, digits: 3 },
    observed: undefined,
    level: 'info',
    severity_text: '',
    message: '',
    attributes: '{}',
    service: 'server',
    machine_id: '',
    worker_id: '',
    deployment_env: '',
    region: '',
    source: 'api',
    file_path: '',
    container_name: '',
    job_id: '',
    node_id: '',
    trace_id: '',
    span_id: '',
    request_id: '',
    type: '',
    event_type: '',
    ...fields,
  };
}
