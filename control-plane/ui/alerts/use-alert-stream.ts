import { useEffect } from 'preact/hooks';
import { delay } from '../../../pipeline/runtime/delay.ts';
import { ApiError } from '../api.ts';
import { readEvents } from '../read-events.ts';

const AGAIN_MS = 2_000;

/** Calls `onChange` when alerts have changed, as soon as the server reports it. */
export function useAlertStream(onChange: () => void): void {
  useEffect(() => {
    const stop = new AbortController();
    void follow(onChange, stop.signal);
    return () => stop.abort();
  }, [onChange]);
}

async function follow(onChange: () => void, signal: AbortSignal): Promise<void> {
  let lastId = '';
  while (!signal.aborted) {
    try {
      const request = { parameters: {}, lastId, signal, onOpen: onChange };
      for await (const events of readEvents('/api/v1/alerts/stream', request)) {
        lastId = events.at(-1)!.id;
        if (events.some(({ name }) => name === 'alert')) onChange();
      }
    } catch (error) {
      // A page whose stream is refused asks every so often all the same.
      if (signal.aborted || (error instanceof ApiError && error.status >= 400 && error.status < 500)) return;
    }
    await delay(AGAIN_MS, signal);
  }
}
