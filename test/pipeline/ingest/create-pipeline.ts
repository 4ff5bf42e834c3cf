import { ClockSkews } from '../../../pipeline/ingest/clock-skews.ts';
import { createCounters } from '../../../pipeline/ingest/counters.ts';
import { FileLedger } from '../../../pipeline/ingest/joining/file-ledger.ts';
import { OpenEvents } from '../../../pipeline/ingest/joining/open-events.ts';
import { Pipeline, type PipelineOptions } from '../../../pipeline/ingest/pipeline.ts';
import { RecordReader } from '../../../pipeline/ingest/record-reader.ts';
import type { RecordRules } from '../../../pipeline/ingest/transforms/complete-record.ts';
import { FastPath } from '../../../pipeline/ingest/transforms/fast-path.ts';
import { createNormalizer } from '../../../pipeline/ingest/transforms/normalize.ts';
import { type OpenLine, type OpenLineStore, sortOpenLines } from '../../../pipeline/store/open-line-store.ts';
import { decodeRequest } from '../../../pipeline/store/request-progress.ts';

type Given = Pick<PipelineOptions, 'redact' | 'queue' | 'deadLetters' | 'requests' | 'hasLiveReaders'>;

/** Keeps open lines in memory. */
export class MemoryOpenLines {
  readonly lines: OpenLine[] = [];
  /** The requests in the rows of the store. */
  requests: () => readonly string[] = () => [];
  add = async (lines: readonly OpenLine[]): Promise<void> => void this.lines.push(...lines);
  read = async () => sortOpenLines(this.lines, this.requests().map(decodeRequest));
}

/** A pipeline that keeps every record. */
export function createPipeline(
  rules: RecordRules,
  given: Given,
  openLines = new MemoryOpenLines(),
  ledger = new FileLedger(),
): { readonly pipeline: Pipeline; readonly openEvents: OpenEvents; readonly problems: readonly string[] } {
  const { redact, queue, hasLiveReaders } = given;
  const counters = createCounters();
  const problems: string[] = [];
  const normalize = createNormalizer(rules);
  const reader = new RecordReader({
    redact,
    normalize,
    counters,
    fastPath: new FastPath({ ...rules, redact }),
  });
  const rows = { sample: <T>(record: T) => record, measure: () => undefined, queue };
  const openEvents = new OpenEvents({
    store: openLines as unknown as OpenLineStore,
    ledger,
    reader,
    rows,
    hasLiveReaders,
    onProblem: (message) => problems.push(message),
  });
  return {
    pipeline: new Pipeline({
      ...given,
      ...rows,
      normalize,
      reader,
      openEvents,
      counters,
      clockSkews: new ClockSkews(),
    }),
    openEvents,
    problems,
  };
}
