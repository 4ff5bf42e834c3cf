import { formatTimestamp } from '../record/timestamp.ts';
import { type FileLedger, nameOfFile } from './joining/file-ledger.ts';
import type { LineTimes } from './line-times.ts';
import type { Pipeline } from './pipeline.ts';
import type { CollectedBatch, Deliver } from './sources/files/collected-batch.ts';
import { splitChunk } from './transforms/split-chunk.ts';

/** Delivers batches of the embedded collector to the pipeline, in the form in which Fluent Bit ships raw lines. */
export function deliverFiles(
  pipeline: Pipeline,
  machineId: string,
  lineTimes: LineTimes,
  ledger: FileLedger,
): Deliver {
  return async ({ id, filePath, lines, part }: CollectedBatch) => {
    const times = lineTimes.of(filePath, lines);
    const entries = lines.flatMap(({ text }, index) => {
      const timestamp = formatTimestamp(times[index]!);
      const entry = JSON.stringify({ timestamp, file_path: filePath, log: text });
      return splitChunk(entry) ?? entry;
    });
    await pipeline.accept({
      agent: `collector of ${machineId}`,
      peer: 'collector',
      digest: id,
      source: 'file',
      machineId,
      entries,
      isJoined: true,
    });
    ledger.addCollected(nameOfFile(machineId, filePath), part, Date.now());
  };
}
