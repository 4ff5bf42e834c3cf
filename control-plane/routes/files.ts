import { Readable } from 'node:stream';
import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest, LogplaneError } from '../../pipeline/errors.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { type ByteRange, headRange, parseByteRange, tailRange } from '../files/file-range.ts';
import { findFile, openCopy } from '../files/find-file.ts';
import { listFiles } from '../files/list-files.ts';
import { type LogPath, parseLogPath } from '../files/log-path.ts';
import { countRecords, type RecordedText, streamText } from '../files/recorded-text.ts';
import type { SourceSync } from '../files/source-sync.ts';
import { deleteAllFileRecords, deleteRecords } from '../files/stored-files.ts';
import type { Auth } from '../http/auth.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { flag, optionalText, readParameters, wholeNumber } from '../http/parameters.ts';
import { queryLimits } from '../logs/query-limits.ts';

export interface FileRoutesOptions {
  readonly auth: Auth;
  readonly clickhouse: ClickHouse;
  readonly syncSources: readonly SourceSync[];
}

const MOST_LINES = 1_000_000_000;
/** A parameter that was not given, where 0 means something. */
const NONE = -1;

export function addFileRoutes(router: Router, { auth, clickhouse, syncSources }: FileRoutesOptions): void {
  const sources = syncSources.map(({ files }) => files);

  router.get('/logs', auth.require('read'), async (context) => {
    const { service, limit, offset } = readParameters(context, {
      service: optionalText,
      limit: wholeNumber(1, 10_000, 100),
      offset: wholeNumber(0, Number.MAX_SAFE_INTEGER, 0),
    });
    const files = await listFiles(clickhouse, sources);
    const chosen = service === undefined ? files : files.filter((file) => file.service === service);
    context.set('X-Total-Count', String(chosen.length));
    context.body = chosen.slice(offset, offset + limit);
  });

  router.get('/logs/content', auth.require('read'), async (context) => {
    const { path, tail, head, range, download } = readParameters(context, {
      path: optionalText,
      tail: wholeNumber(0, MOST_LINES, NONE),
      head: wholeNumber(0, MOST_LINES, NONE),
      range: optionalText,
      download: flag(false),
    });
    if ([tail !== NONE, head !== NONE, range !== undefined].filter(Boolean).length > 1) {
      throw badRequest('tail, head, range: expected at most one of them');
    }
    const named = parseLogPath(path);
    context.set('X-Content-Type-Options', 'nosniff');
    if (download) context.attachment(path!.slice(path!.lastIndexOf('/') + 1));
    context.type = 'text/plain; charset=utf-8';
    if (named.kind === 'place') await respondWithFile(context, named.place, { tail, head, range });
    else await respondWithRecords(context, named, { tail, head, range });
  });

  router.post('/logs/delete', auth.require('change'), async (context) => {
    const { path } = readParameters(context, { path: optionalText });
    const named = parseLogPath(path);
    if (named.kind === 'place') {
      const { source } = findFile(sources, named.place);
      const sync = syncSources.find(({ files }) => files === source)!;
      await sync.pause(async () => {
        // Asked again: it may have been deleted or sorted anew meanwhile.
        const { file } = findFile([source], named.place);
        await source.remove([file]);
        await deleteRecords(clickhouse, source.source.machineId, [source.recordPath(file)]);
      });
    } else {
      await checkRecorded(named, {});
      await deleteRecords(clickhouse, named.machineId, named.filePaths);
    }
    context.body = { status: 'success', message: `Deleted ${path}`, path };
  });

  /** Deletes every file that `/logs` lists. Records that came without a file stay. */
  router.post('/logs/cleanup', auth.require('change'), async (context) => {
    const listed = await listFiles(clickhouse, sources);
    for (const sync of syncSources) {
      await sync.pause(() => sync.files.remove([...sync.files.present()]));
    }
    await deleteAllFileRecords(clickhouse);
    context.body = {
      status: 'success',
      message: `Deleted ${listed.length} log files`,
      deleted: listed.length,
    };
  });

  async function respondWithFile(
    context: Context,
    place: string,
    { tail, head, range }: { tail: number; head: number; range: string | undefined },
  ): Promise<void> {
    const handle = await openCopy(findFile(sources, place));
    try {
      const { size } = await handle.stat();
      const header = context.get('Range');
      const asked = range ?? (header !== '' && tail === NONE && head === NONE ? header : undefined);
      let bytes: ByteRange = { start: 0, end: size };
      if (tail !== NONE) bytes = await tailRange(handle, tail);
      else if (head !== NONE) bytes = await headRange(handle, head);
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
    { tail, head, range }: { tail: number; head: number; range: string | undefined },
  ): Promise<void> {
    const limits = queryLimits(leaveSignal(context));
    if (range !== undefined)
      throw badRequest('range: expected tail or head for a file that an agent shipped');
    await checkRecorded(file, limits);
    const part = { ...(tail !== NONE && { tail }), ...(head !== NONE && { head }) };
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
