import { readWriterPrefix } from './writer-prefix.ts';

const SPACE = ' ?';
const PROCESS = String.raw`\((?:raylet|gcs_server|autoscaler|[^\n]{0,96}?\bpid=[0-9]+)(?:[ ,][^()\n]{0,64})?\)${SPACE}`;
const LOCAL = (rank: string) => String.raw`\[(?:default|trainer|worker)${rank}\]:${SPACE}`;
const TAGGED = (rank: string) => String.raw`\[(?:[\w.@-]{1,80},)?${rank}\]<std(?:out|err|diag)>:?${SPACE}`;
const LABEL = (rank: string) => `(?:${rank}| [0-9]{1,2}|  [0-9]):(?: |$)`;
const NAME = String.raw`(?:[0-9]{1,4}\|)?[\w@./-]{1,64} *\| `;
const NUMBER = '[0-9]{1,6}';
const RANK = `(${NUMBER})`;

/**
 * The rank that a line's head names, as `readWriterPrefix` reads it, in the syntax that JavaScript and ClickHouse's RE2 share: of all
 * groups one holds the rank. Of several prefixes the innermost one names it; what stands before it is skipped.
 */
export const RANK_PATTERN = [
  `^(?:(?:${LABEL(NUMBER)}|${NAME})?(?:${PROCESS}|${LOCAL(NUMBER)}|${TAGGED(NUMBER)}){0,3}(?:`,
  [
    String.raw`\[[Rr]ank[ :=]{0,2}${RANK}\]`,
    LOCAL(RANK),
    TAGGED(RANK),
    String.raw`\([^()\n]{0,96}\brank=${RANK} pid=`,
    String.raw`\(Worker_TP${RANK}(?:_EP[0-9]+)? pid=`,
  ].join('|'),
  `)|(?:${RANK}| ([0-9]{1,2})|  ([0-9])):(?: (?:[^0]|0[^x]|0?$)|$)|[Rr]ank[ =]?${RANK}:(?: |$)|`,
  String.raw`\[${RANK}\] (?:[^"0-9.-]|[0-9]{4}[-/]|$))`,
].join('');

/** The rank that a line's head names; '' where it names none. */
export function rankFromText(line: string): string {
  return readWriterPrefix(line).rank;
}
