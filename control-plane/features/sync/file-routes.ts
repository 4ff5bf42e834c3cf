import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { z } from 'zod';
import { badRequest, LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import { describe, flag, optionalText, parameter, wholeNumber } from '../../http/parameters.ts';
import { COUNT, TIME } from '../../http/record-schema.ts';
import { queryLimits } from '../../query/query-limits.ts';
import { type ByteRange, headRange, parseByteRange, tailRange } from './file-range.ts';
import { findFile, openCopy } from './find-file.ts';
import { listFiles } from './list-files.ts';
import { type LogPath, parseLogPath } from './log-path.ts';
import { countRecords, type RecordedText, streamText } from './recorded-text.ts';
import { pauseAll, type SourceSync } from './source-sync.ts';
import { deleteAllFileRecords, deleteRecords } from './stored-files.ts';

export interface FileRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly syncSources: readonly SourceSync[];
}

const MAX_LINES = 1_000_000_000;

const FILE_PATH = z.string().meta({ examples: ['slurm/train-48211.out'] });
const LOG_FILE = z.object({
  filename: z.string().meta({ examples: ['train-48211.out'] }),
  path: FILE_PATH.describe('For `/logs/content` and `/logs/delete`'),
  size_bytes: COUNT,
  modified_time: TIME.describe('Of a file that an agent shipped: the time of its newest record'),
  service: z.string().meta({ examples: ['slurm'] }),
  machine_id: z.string().meta({ examples: ['login01'] }),
  file_path: z
    .string()
    .meta({ description: 'Its path on its machine', examples: ['/scratch/logs/train-48211.out'] }),
  record_count: COUNT,
});

const PATH = describe(
  parameter({ type: 'string', minLength: 1, maxLength: 4096 }, (given) => ({
    given,
    ...parseLogPath(given),
  })),
  'The `path` of a file in the response of `/logs`',
  'slurm/train-48211.out',
);

const TEXT = z.string().meta({ examples: ['epoch 1: loss 2.31\n'] });

/** Selects a part of a file. */
interface Part {
  readonly tail: number | undefined;
  readonly head: number | undefined;
  readonly range: string | undefined;
}

export function addFileRoutes(api: RouteFamily, { clickhouse, syncSources }: FileRoutesOptions): void {
  const sources = syncSources.map(({ files }) => files);

  api.get(
    '/logs',
    {
      operationId: 'listLogFiles',
      summary: 'List log files',
      description:
        'Returns the log files that were synced or shipped by agents, the newest first. The header `X-Total-Count` has the number ' +
        'of all of them.',
      permission: 'read',
      parameters: {
        service: describe(optionalText, 'Only files of this service', 'slurm'),
        limit: describe(wholeNumber(1, 10_000, 100), 'The most files to return'),
        offset: describe(wholeNumber(0, Number.MAX_SAFE_INTEGER, 0), 'Files to skip'),
      },
      response: z.array(LOG_FILE),
    },
    async (context, { service, limit, offset }) => {
      const files = await listFiles(clickhouse, sources);
      const chosen = service === undefined ? files : files.filter((file) => file.service === service);
      context.set('X-Total-Count', String(chosen.length));
      return chosen.slice(offset, offset + limit);
    },
  );

  api.get(
    '/logs/content',
    {
      operationId: 'getLogFileContent',
      summary: 'Get the text of a log file',
      description: 'Returns a log file, or its first or last lines, or a range of its bytes.',
      permission: 'read',
      parameters: {
        path: PATH,
        tail: describe(wholeNumber(0, MAX_LINES, undefined), 'Only so many of its last lines', 100),
        head: describe(wholeNumber(0, MAX_LINES, undefined), 'Only so many of its first lines', 100),
        range: describe(
          optionalText,
          'Only these bytes of a synced file: `0-499`, `500-` or `-500`',
          '0-499',
        ),
        download: describe(flag(false), 'True makes a browser save the file'),
      },
      headers: { Range: { description: 'Only these bytes of a synced file', example: 'bytes=0-499' } },
      responseMedia: { 'text/plain': TEXT },
      otherResponses: {
        206: { description: 'The requested bytes', content: { 'text/plain': TEXT } },
      },
      errors: ['not_found', 'resource_exhausted'],
    },
    async (context, { path, tail, head, range, download }) => {
      if ([tail, head, range].filter((part) => part !== undefined).length > 1) {
        throw badRequest('tail, head, range: expected at most one of them');
      }
      if (download) context.attachment(path.given!.slice(path.given!.lastIndexOf('/') + 1));
      context.type = 'text/plain; charset=utf-8';
      const part = { tail, head, range };
      if (path.kind === 'synced') await respondWithFile(context, path.path, part);
      else await respondWithRecords(context, path, part);
    },
  );

  api.post(
    '/logs/delete',
    {
      operationId: 'deleteLogFile',
      summary: 'Delete a log file and its records',
      description:
        'Deletes the copy of a log file and the records that were read of it. The file on its machine stays.',
      permission: 'change',
      parameters: { path: PATH },
      response: z.object({
        status: z.literal('success'),
        message: z.string().meta({ examples: ['Deleted slurm/train-48211.out'] }),
        path: FILE_PATH,
      }),
      errors: ['not_found', 'unavailable'],
    },
    async (_context, { path }) => {
      if (path.kind === 'synced') {
        const { source } = findFile(sources, path.path);
        const sync = syncSources.find(({ files }) => files === source)!;
        await sync.pause(async () => {
          // Looked up again: it may have been deleted or sorted again meanwhile.
          const { file } = findFile([source], path.path);
          await source.remove([file]);
          await deleteRecords(clickhouse, source.source.machineId, [source.recordPath(file)]);
        });
      } else {
        await checkRecorded(path, {});
        await deleteRecords(clickhouse, path.machineId, path.filePaths);
      }
      return { status: 'success', message: `Deleted ${path.given}`, path: path.given! } as const;
    },
  );

  api.post(
    '/logs/cleanup',
    {
      operationId: 'deleteAllLogFiles',
      summary: 'Delete all log files and their records',
      description: 'Deletes all files that `/logs` lists, with their records. Records without a file stay.',
      permission: 'change',
      response: z.object({
        status: z.literal('success'),
        message: z.string().meta({ examples: ['Deleted 42 log files'] }),
        deleted: COUNT.describe('Files'),
      }),
      errors: ['unavailable'],
    },
    async () => {
      const listed = await listFiles(clickhouse, sources);
      // All at once: records that one source stored while another was being paused would be deleted without their file.
      await pauseAll(syncSources, async () => {
        for (const source of sources) await source.remove([...source.present()]);
        await deleteAllFileRecords(clickhouse);
      });
      const message = `Deleted ${listed.length} log files`;
      return { status: 'success', message, deleted: listed.length } as const;
    },
  );

  async function respondWithFile(context: Context, path: string, { tail, head, range }: Part): Promise<void> {
    const handle = await openCopy(findFile(sources, path));
    try {
      const { size } = await handle.stat();
      const header = context.get('Range');
      const asked = range ?? (header !== '' && tail === undefined && head === undefined ? header : undefined);
      let bytes: ByteRange = { start: 0, end: size };
      if (tail !== undefined) bytes = await tailRange(handle, tail);
      else if (head !== undefined) bytes = await headRange(handle, head);
      else if (asked !== undefined) {
        const wanted = parseByteRange(asked, size);
        if (!wanted)
          throw badRequest(`range: expected bytes as 0-499, 500- or -500 within ${size}, got "${asked}"`);
        bytes = wanted;
        context.status = 206;
        context.set('Content-Range', `bytes ${bytes.start}-${bytes.end - 1}/${size}`);
      }
      context.set('Accept-Ranges', 'bytes');
      context.length = bytes.end - bytes.start;
      if (bytes.start < bytes.end) {
        context.body = handle.createReadStream({ start: bytes.start, end: bytes.end - 1 });
        return;
      }
      context.body = '';
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
  }

  async function respondWithRecords(
    context: Context,
    file: RecordedText,
    { tail, head, range }: Part,
  ): Promise<void> {
    const limits = queryLimits(disconnectSignal(context));
    if (range !== undefined)
      throw badRequest('range: expected tail or head for a file that an agent shipped');
    await checkRecorded(file, limits);
    const part = { ...(tail !== undefined && { tail }), ...(head !== undefined && { head }) };
    context.body = Readable.from(streamText(clickhouse, file, part, limits), { objectMode: false });
  }

  async function checkRecorded(
    file: Extract<LogPath, { kind: 'agent' }> | RecordedText,
    limits: Parameters<typeof countRecords>[2],
  ): Promise<void> {
    if ((await countRecords(clickhouse, file, limits)) > 0) return;
    throw new LogplaneError(
      'not_found',
      `path: there is no log file "${file.filePaths[0]}" of ${file.machineId}`,
    );
  }
}
