import type { LineTimes } from '../../../pipeline/ingest/line-times.ts';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import type { CollectedLine } from '../../../pipeline/ingest/sources/files/collected-batch.ts';
import { readJobPath } from '../../../pipeline/ingest/transforms/read-job-path.ts';
import { rankFromText } from '../../../pipeline/ingest/transforms/read-rank.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import type { CatalogFile } from './file-catalog.ts';
import { recordPath, type SyncSource } from './sync-source.ts';

/** Whose output a file is, where SLURM says it. */
export type OwnerOf = (
  source: SyncSource,
  path: string,
) => { readonly job_id: string; readonly array_task_id: string } | undefined;

/** Delivers the lines of synced files to the pipeline, with the facts about the job in the file's name. */
export function deliverSynced(
  pipeline: Pipeline,
  source: SyncSource,
  lineTimes: LineTimes,
  ownerOf: OwnerOf,
) {
  return async (
    { path, service }: CatalogFile,
    id: string,
    lines: readonly CollectedLine[],
  ): Promise<void> => {
    const file_path = recordPath(source, path);
    const { rank: rankOfPath, ...job } = { ...readJobPath(path), ...ownerOf(source, file_path) };
    const known = Object.entries({ service, file_path, ...job });
    const common = Object.fromEntries(known.filter(([, value]) => value !== ''));
    const times = lineTimes.of(`${source.name} ${path}`, lines);
    await pipeline.accept({
      agent: `sync of ${source.name}`,
      peer: 'sync',
      digest: id,
      source: 'sync',
      machineId: source.machineId,
      isJoined: true,
      entries: lines.map(({ text: log }, index) => {
        const timestamp = formatTimestamp(times[index]!);
        const rank = rankOfPath || rankFromText(log);
        return JSON.stringify({ timestamp, ...common, ...(rank !== '' && { rank: Number(rank) }), log });
      }),
    });
  };
}
