import { formatTimestamp } from '../record/timestamp.ts';
import type { Pipeline } from './pipeline.ts';
import type { CollectedBatch, Deliver } from './sources/files/collected-batch.ts';
import { splitChunk } from './transforms/split-chunk.ts';

/** Delivers batches of the embedded collector to the pipeline, in the form in which Fluent Bit ships raw lines. */
export function deliverFiles(pipeline: Pipeline, machineId: string): Deliver {
  return async ({ id, filePath, lines }: CollectedBatch) => {
    const entries = lines.flatMap(({ text, readAt }) => {
      const entry = JSON.stringify({ timestamp: formatTimestamp(readAt), file_path: filePath, log: text });
      return splitChunk(entry) ?? entry;
    });
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
