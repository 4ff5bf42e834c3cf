const POLL_MILLISECONDS = 500;

/** Calls `onEnd` when the npm that started this process is gone: it passes no SIGHUP on, and may be killed. Nothing happens without npm. */
export function whenNpmEnds(onEnd: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onEnd();
  }, POLL_MILLISECONDS).unref();
}
