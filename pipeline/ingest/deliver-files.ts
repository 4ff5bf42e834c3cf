import { formatTimestamp } from '../record/timestamp.ts';
import type { Pipeline } from './pipeline.ts';
import type { CollectedBatch, Deliver } from './sources/files/collected-batch.ts';

/** Delivers batches of the embedded collector to the pipeline, in the form in which Fluent Bit ships raw lines. */
export function deliverFiles(pipeline: Pipeline, machineId: string): Deliver {
  return async ({ id, filePath, lines }: CollectedBatch) => {
    const entries = lines.map(({ text, readAt }) =>
      JSON.stringify({ timestamp: formatTimestamp(readAt), file_path: filePath, log: text }),
    );
    await pipeline.accept({
      agent: `collector of ${machineId}`,
      peer: 'collector',
      digest: id,
      source: 'file',
      machineId,
      entries,
    });
  };
}
