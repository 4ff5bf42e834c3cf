/** Who sent the signal, systemd and Docker for instance, kills the process after ten seconds. */
const MAX_STOP_MILLISECONDS = 9_500;
const PARENT_MILLISECONDS = 500;

/**
 * Ends the process by `stop` at SIGTERM, SIGINT and SIGHUP, once, however many of them come: a terminal and npm both send one. Started by npm it
 * also ends with npm, which passes no SIGHUP on and may be killed. A console that is gone keeps nothing from running.
 */
export function stopOnSignal(stop: () => Promise<void>, onProblem: (message: string) => void): void {
  let stopping = false;
  const end = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      onProblem(
        `could not stop within ${MAX_STOP_MILLISECONDS / 1000} s: what was accepted is stored at the next start`,
      );
      process.exit(1);
    }, MAX_STOP_MILLISECONDS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        onProblem(`could not stop cleanly: ${error}`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_MILLISECONDS).unref();
}
