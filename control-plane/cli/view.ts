import { type Command, Option } from 'commander';
import { harmless, harmlessJson } from '../../pipeline/record/special-characters.ts';
import {
  type EntryStats,
  type LogEntryFields,
  RequestStatsBuilder,
} from '../features/logs/request-stats-builder.ts';
import { formatLine } from './format-line.ts';
import { formatErrors, formatStats } from './format-stats.ts';
import { lastLines, type RotatedFile, readLines, rotatedFiles } from './rotated-lines.ts';
import { paint, print, printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface ViewOptions {
  readonly type: 'all' | 'api' | 'errors';
  readonly lines: number;
  readonly stats: boolean;
  readonly errorsOnly: boolean;
  readonly hours: number;
  readonly logDir: string;
  readonly json: boolean;
}

export function addView(program: Command): void {
  program
    .command('view')
    .description('print api.log and errors.log with their rotated files, without a server')
    .addOption(new Option('--type <type>', 'which log').choices(['all', 'api', 'errors']).default('all'))
    .option('--lines <number>', 'number of entries', wholeNumber(1), 50)
    .option('--stats', 'print statistics instead of entries', false)
    .option('--errors-only', 'print only the summary of errors', false)
    .option(
      '--hours <number>',
      'range of the statistics in hours, up to now; times are UTC',
      wholeNumber(1),
      24,
    )
    .addOption(new Option('--log-dir <dir>', 'folder of the logs').env('LOG_DIR').default('./logs'))
    .option('--json', 'as JSON, entries one per line', false)
    .action(view);
}

async function view(options: ViewOptions): Promise<void> {
  const files = {
    api: await rotatedFiles(options.logDir, 'api.log'),
    errors: await rotatedFiles(options.logDir, 'errors.log'),
  };
  if (files.api.length + files.errors.length === 0) {
    throw new Error(`${options.logDir} has neither api.log nor errors.log; use --log-dir`);
  }
  if (options.stats || options.errorsOnly) {
    const stats = await readStats(files, options.hours);
    if (options.json) return printJson(options.errorsOnly ? stats.error_summary : stats);
    return print(options.errorsOnly ? formatErrors(stats) : formatStats(stats));
  }
  for (const name of ['api', 'errors'] as const) {
    if (options.type !== 'all' && options.type !== name) continue;
    if (options.type === 'all' && !options.json) await print(paint(`== ${name}.log ==\n`, 'bold'));
    await showLast(files[name], options);
  }
}

async function showLast(files: readonly RotatedFile[], { lines, json }: ViewOptions): Promise<void> {
  const found: string[] = [];
  for (const file of files.toReversed()) {
    if (found.length >= lines) break;
    found.unshift(...(await lastLines(file, lines - found.length)));
  }
  for (const line of found) {
    const entry = parse(line);
    await print(`${json ? harmlessJson(line) : entry ? formatLine(entry) : harmless(line)}\n`);
  }
}

/**
 * Errors are read from `errors.log`, which keeps them longer; each of them stands in `api.log` too, which counts where
 * there is no `errors.log`.
 */
export async function readStats(
  { api, errors }: { readonly api: readonly RotatedFile[]; readonly errors: readonly RotatedFile[] },
  hours: number,
  now = Date.now(),
): Promise<EntryStats> {
  const since = now - hours * 3_600_000;
  const builder = new RequestStatsBuilder();
  const read = async (files: readonly RotatedFile[], add: (entry: LogEntryFields) => void) => {
    for (const { path, stats } of files) {
      if (stats.mtimeMs < since) continue;
      for await (const line of readLines(path)) {
        const entry = parse(line);
        if (entry && timeOf(entry) >= since) add(entry);
      }
    }
  };
  if (errors.length === 0) {
    await read(api, (entry) => builder.add(entry));
  } else {
    await read(api, (entry) => builder.addCall(entry));
    await read(errors, (entry) => builder.addError(entry));
  }
  return builder.result(hours);
}

function timeOf({ timestamp }: LogEntryFields): number {
  const text = String(timestamp);
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

function parse(line: string): LogEntryFields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as LogEntryFields) : undefined;
  } catch {
    return undefined;
  }
}
