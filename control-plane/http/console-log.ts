import { harmless } from '../../pipeline/record/special-characters.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The server's own log on its console. It contains names that senders chose, so control characters are made harmless. */
export type ConsoleLog = Readonly<Record<(typeof LEVELS)[number], (message: string) => void>>;

/** @param verbosity the mildest level that is printed; warnings and errors go to stderr */
export function createConsoleLog(verbosity: (typeof LEVELS)[number]): ConsoleLog {
  const threshold = LEVELS.indexOf(verbosity);
  const print = (level: (typeof LEVELS)[number]) => (message: string) => {
    if (LEVELS.indexOf(level) < threshold) return;
    const line = `${new Date().toISOString()} ${level.toUpperCase()} ${harmless(message).replaceAll('\n', '\n    ')}`;
    if (level === 'warn' || level === 'error') console.error(line);
    else console.log(line);
  };
  return { debug: print('debug'), info: print('info'), warn: print('warn'), error: print('error') };
}
