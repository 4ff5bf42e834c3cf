import { badRequest, type LogplaneError } from '../../pipeline/runtime/errors.ts';

/** Characters of a long query that are shown on each side of the fault. */
const AROUND = 40;

/** A `bad_request` with the problem, the column (from 1), the query and a caret under that column. */
export function syntaxError(query: string, at: number, problem: string): LogplaneError {
  const before = Array.from(query.slice(0, at));
  const shown = before.slice(-AROUND).join('');
  const behind = Array.from(query.slice(at, at + 2 * AROUND))
    .slice(0, AROUND)
    .join('');
  const line = `${shown}${behind}`.replace(/\p{Cc}/gu, ' ');
  const caret = ' '.repeat(Math.min(before.length, AROUND));
  return badRequest(`q: ${problem} at column ${before.length + 1}\n${line}\n${caret}^`);
}
