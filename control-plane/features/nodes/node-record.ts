import { INDEXED_FIELDS, type StoredRecord } from '../../../pipeline/record/log-record.ts';
import { parseTimestamp } from '../../../pipeline/record/parse-timestamp.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { utc } from '../../../pipeline/record/timezone.ts';
import { isPhase } from './launch-phase.ts';
import type { EntryDraft, NodeEntry } from './node-entry.ts';

/** The `source` of launches' records; agents' records of a node have their own. */
export const NODE_SOURCE = 'node';
export const NODE_SERVICE = 'node-launch';

/** An entry as the text of a record for the pipeline. */
export function entryText(nodeId: string, entry: NodeEntry): string {
  return JSON.stringify({ ...entry, node_id: nodeId, service: NODE_SERVICE, source: NODE_SOURCE });
}

/** A node's record as an entry of its log. Of an agent's record only the line is used. */
export function draftOf(record: StoredRecord): EntryDraft {
  const { level, message, event_type, attributes } = record;
  const draft = {
    timestamp: formatTimestamp(record.timestamp),
    level: level === 'fatal' ? 'error' : level,
    message,
  } as const;
  const ours = record.source === NODE_SOURCE;
  if (!ours && !attributes.includes('"phase":')) return draft;
  const { phase, progress, details, endpoint, name } = JSON.parse(attributes) as Record<string, unknown>;
  if (!isPhase(phase)) return draft;
  return {
    ...draft,
    phase,
    ...(typeof progress === 'number' && progress >= 0 && progress <= 100 && { progress }),
    ...(typeof details === 'string' && { details }),
    ...(typeof endpoint === 'string' && { endpoint }),
    ...(typeof name === 'string' && ours && { name }),
    ...(event_type !== '' && { event_type }),
  };
}

/** An entry of a Redis list as a record, so that the same queries select it. */
export function recordOf(nodeId: string, entry: NodeEntry): StoredRecord {
  const { timestamp, level, message, event_type = '', ...attributes } = entry;
  const empty = Object.fromEntries(INDEXED_FIELDS.map((field) => [field, ''])) as Pick<
    StoredRecord,
    (typeof INDEXED_FIELDS)[number]
  >;
  return {
    ...empty,
    seq: 0,
    timestamp: parseTimestamp(timestamp, utc)!,
    observed: undefined,
    level,
    severity_text: '',
    service: NODE_SERVICE,
    source: NODE_SOURCE,
    node_id: nodeId,
    event_type,
    message,
    attributes: JSON.stringify(attributes),
  };
}
