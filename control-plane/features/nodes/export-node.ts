import type { NodeEntry } from './node-entry.ts';

export const NODE_EXPORTS = ['json', 'csv', 'ndjson'] as const;
export type NodeExport = (typeof NODE_EXPORTS)[number];

const COLUMNS = ['timestamp', 'level', 'phase', 'progress', 'message', 'details', 'endpoint'] as const;

/** A node's log as a file. */
export function formatNodeExport(entries: readonly NodeEntry[], format: NodeExport): string {
  switch (format) {
    case 'json':
      return `[${entries.map((entry) => JSON.stringify(entry)).join(',\n')}]\n`;
    case 'ndjson':
      return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    case 'csv':
      return [COLUMNS, ...entries.map((entry) => COLUMNS.map((column) => entry[column] ?? ''))]
        .map((row) => `${row.map((cell) => csvCell(String(cell))).join(',')}\r\n`)
        .join('');
  }
}

/** A CSV cell, quoted where needed; a text that a spreadsheet would run as a formula gets an apostrophe. */
function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
