import { join } from 'node:path';
import type { Test } from 'tap';
import type { CollectedBatch } from '../../../../../pipeline/ingest/sources/files/collected-batch.ts';
import {
  createFileCollector,
  type FileCollector,
} from '../../../../../pipeline/ingest/sources/files/file-collector.ts';

/** A folder with logs and a collector of it that a test steps by hand, with a clock of its own. */
export class Collecting {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly batches: CollectedBatch[] = [];
  readonly problems: string[] = [];
  now = 1_000_000;
  /** Given each batch before it counts as stored; throw to refuse it. */
  beforeStored: (batch: CollectedBatch) => void | Promise<void> = () => {};
  collector: FileCollector;
  private readonly t: Test;

  constructor(t: Test, patterns: readonly string[] = ['*.log'], files: Record<string, string | Buffer> = {}) {
    this.t = t;
    this.folder = t.testdir({ state: {}, logs: files as Record<string, string> });
    this.paths = patterns.map((pattern) => join(this.folder, 'logs', pattern));
    this.collector = this.create();
  }

  path(name: string): string {
    return join(this.folder, 'logs', name);
  }

  /** Scans the files, and once more after a silence in which unfinished events end. */
  async finish(): Promise<void> {
    await this.collector.scan();
    this.now += 1000;
    await this.collector.scan();
  }

  async wait(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    await this.collector.scan();
  }

  /** What a process leaves behind that is killed: the state file. */
  crash(): void {
    this.collector = this.create();
  }

  /** The texts that are stored, those of a repeated batch once, as the pipeline does. */
  texts(name?: string): string[] {
    const byId = new Map(this.batches.map((batch) => [batch.id, batch]));
    const batches = [...byId.values()].filter(({ filePath }) => !name || filePath === this.path(name));
    return batches.flatMap(({ lines }) => lines.map(({ text }) => text));
  }

  private create(): FileCollector {
    const collector = createFileCollector({
      paths: this.paths,
      stateFile: join(this.folder, 'state', 'offsets.json'),
      deliver: async (batch) => {
        await this.beforeStored(batch);
        this.batches.push(batch);
      },
      onProblem: (message) => this.problems.push(message),
      clock: () => this.now,
    });
    this.t.teardown(() => collector.stop());
    return collector;
  }
}
