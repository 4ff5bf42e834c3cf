import { join } from 'node:path';
import { createRedaction } from '../../../../control-plane/features/rules/redaction.ts';
import { NO_RULES } from '../../../../control-plane/features/rules/rules-file.ts';
import type { BatchQueue, Part } from '../../../../pipeline/ingest/batch-queue.ts';
import { FileLedger } from '../../../../pipeline/ingest/joining/file-ledger.ts';
import { KnownRequests } from '../../../../pipeline/ingest/known-requests.ts';
import { OFFSET_KEY } from '../../../../pipeline/ingest/sources/line-position.ts';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import type { LogRecord } from '../../../../pipeline/record/log-record.ts';
import { unavailable } from '../../../../pipeline/runtime/errors.ts';
import type { DeadLetterStore } from '../../../../pipeline/store/dead-letter-store.ts';
import { decodeRequest } from '../../../../pipeline/store/request-progress.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { createPipeline, MemoryOpenLines } from '../create-pipeline.ts';

/** A moment at which the server ends: what is in memory is lost, and nobody gets an answer. */
export type Crash = 'before the lines' | 'behind the lines' | 'behind the rows';

export class Killed extends Error {}

/** A store that outlives servers, and the servers before it, one at a time. */
export function createScene() {
  const rules = {
    redact: createRedaction(NO_RULES.redaction),
    categorize: createCategorizer(),
    defaultTimezone: 'UTC',
  };
  const parts: { readonly records: readonly LogRecord[]; readonly request: string }[] = [];
  const openLines = new MemoryOpenLines();
  openLines.requests = () => parts.map(({ request }) => request);
  let crash: Crash | undefined;
  const crashAt = (moment: Crash) => {
    if (crash === moment) throw new Killed();
  };
  const store = openLines.add;
  openLines.add = async (lines) => {
    crashAt('before the lines');
    await store(lines);
    crashAt('behind the lines');
  };
  const state = { isFull: false };
  const queue = {
    async add({ records, request }: Part) {
      if (state.isFull) throw unavailable('the disk is full');
      parts.push({ records: records!, request });
      crashAt('behind the rows');
    },
  };
  let ledger = new FileLedger();
  const ledgerState = join(temporaryFolder(), 'ledger.json');
  const start = () => {
    const requests = new KnownRequests({
      findStored: async (key) =>
        parts
          .map(({ request }) => request)
          .filter((request) => request.startsWith(key))
          .map(decodeRequest)
          .at(-1),
    });
    const given = {
      redact: rules.redact,
      queue: queue as unknown as BatchQueue,
      deadLetters: {} as DeadLetterStore,
      requests,
      hasLiveReaders: () => true,
    };
    return createPipeline(rules, given, openLines, ledger);
  };
  let server = start();
  let sent = 0;
  return {
    state,
    openLines,
    problems: () => server.problems,
    stored: () => parts.flatMap(({ records }) => records),
    messages: () => parts.flatMap(({ records }) => records.map(({ message }) => message)),
    sendRecords: (records: readonly object[], digest = String(sent++)) =>
      server.pipeline.accept({
        agent: 'node-1',
        peer: 'here',
        digest,
        source: 'api',
        entries: records.map((record) => JSON.stringify(record)),
      }),
    /** Sends lines of a file, or of nothing that has a name. */
    async send(
      lines: readonly string[],
      file: string | undefined = '/var/log/a.log',
      digest = String(sent++),
    ) {
      const records = lines.map((log) =>
        JSON.stringify({ timestamp: '2026-11-20T13:44:00Z', file_path: file, log }),
      );
      return server.pipeline.accept({
        agent: 'node-1',
        peer: 'here',
        digest,
        source: 'api',
        entries: records,
      });
    },
    /** Sends lines, and again to the server that is started where this one ends. */
    async sendInto(moment: Crash | undefined, lines: readonly string[]) {
      const digest = String(sent++);
      crash = moment;
      try {
        await this.send(lines, undefined, digest);
      } catch (error) {
        if (!(error instanceof Killed) && !((error as Error).cause instanceof Killed)) throw error;
      }
      crash = undefined;
      if (!moment) return;
      await this.restart();
      await this.send(lines, '/var/log/a.log', digest);
    },
    /** Sends a part of a file, with the offsets of its lines. */
    sendPart(text: string, from: number, moment?: Crash) {
      crash = moment;
      let at = Buffer.byteLength(text.slice(0, from));
      const records = text
        .slice(from)
        .split('\n')
        .slice(0, -1)
        .map((log) => {
          const record = { file_path: '/var/log/a.log', [OFFSET_KEY]: at, log, machine_id: 'm' };
          at += Buffer.byteLength(log) + 1;
          return record;
        });
      return this.sendRecords(records, `${from} to ${text.length}`).finally(() => {
        crash = undefined;
      });
    },
    files: () => ledger.report(),
    async restart() {
      if (ledger.hasNewFiles) await ledger.saveTo(ledgerState);
      ledger = new FileLedger();
      await ledger.loadFrom(ledgerState);
      for (const { request } of parts) ledger.addStored(decodeRequest(request).spans ?? [], Date.now());
      server = start();
      await server.openEvents.restore();
    },
    /** Ends what is open, as a second of silence does. */
    silence: () => server.openEvents.stop(),
  };
}

export const STACK = [
  'Traceback (most recent call last):',
  '  File "a.py", line 1, in <module>',
  '    main()',
  'ValueError: bad',
];
export const INFO = '2026-11-20 13:44:01,000 INFO next';
