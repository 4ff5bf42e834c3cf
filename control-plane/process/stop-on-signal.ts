import { whenNpmEnds } from './npm-parent.ts';

/** Who sent the signal, systemd and Docker for instance, kills the process after ten seconds. */
const MAX_STOP_MILLISECONDS = 9_500;
export const MAX_STOP_SECONDS = MAX_STOP_MILLISECONDS / 1000;

/**
 * Ends the process by `stop` at SIGTERM, SIGINT and SIGHUP, once, however many of them come: a terminal and npm both send one. It also ends
 * with the process that started it for its flags, and with npm, which passes no SIGHUP on and may be killed. A console that is gone keeps nothing from running.
 * @param whyLate what is said in place of the usual where `stop` takes too long
 * @returns ends the process in the same way, for another reason than a signal
 */
export function stopOnSignal(
  stop: () => Promise<void>,
  onProblem: (message: string) => void,
  whyLate: () => string | undefined = () => undefined,
): (exitCode: number) => void {
  let stopping = false;
  const end = (exitCode: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      onProblem(
        whyLate() ??
          `could not stop within ${MAX_STOP_SECONDS} s: accepted records are stored at the next start`,
      );
      endHanging();
    }, MAX_STOP_MILLISECONDS).unref();
    stop().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        onProblem(`could not stop cleanly: ${error}`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  whenNpmEnds(() => end(0));
  process.on('disconnect', () => end(0));
  process.channel?.unref();
  return end;
}

/** `process.exit` would wait for a thread that hangs in a file system. */
export function endHanging(): void {
  process.kill(process.pid, 'SIGKILL');
}
