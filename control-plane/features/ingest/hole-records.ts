import { createHash } from 'node:crypto';
import type { FoundHole } from '../../../pipeline/ingest/joining/file-ledger.ts';
import type { IngestRequest } from '../../../pipeline/ingest/pipeline.ts';

/** A record of each hole, so that it is found and alerts can look at it. */
export function holeRecords(holes: readonly FoundHole[]): IngestRequest {
  const entries = holes.map(({ machine_id, file_path, from, to, reason, generation }) =>
    JSON.stringify({
      level: 'error',
      type: 'file_hole',
      service: 'logplane',
      message: `${to - from} bytes of ${file_path} were written and are in no record (from byte ${from}): ${reason}`,
      machine_id,
      file_path,
      hole: { from, to, reason, generation },
    }),
  );
  const digest = createHash('sha256').update(entries.join('\n')).digest('hex');
  return { agent: 'ledger of files', peer: 'ledger', digest, source: 'self', entries };
}
