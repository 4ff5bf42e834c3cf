import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { addressOf, type Parameters } from './address.ts';
import { type ApiError, ask } from './api.ts';

export interface Asked<T> {
  /** The newest response; that of the previous request while a new one is running. */
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly again: () => void;
}

/** The pause until the next request, as a multiple of the time of the last one: polling never keeps the server busy. */
const REST = 5;

/**
 * Requests an address of the API, again when it changes, and every `everyMs`.
 * @param path undefined: no request
 */
export function useAsk<T>(path: string | undefined, parameters: Parameters = {}, everyMs?: number): Asked<T> {
  const [state, setState] = useState<{ data?: T; error?: ApiError | undefined; loading: boolean }>({
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const address = path === undefined ? undefined : addressOf(path, parameters);
  const requested = useRef<string>(null);
  useEffect(() => {
    if (address === undefined) return;
    const { signal, stop } = stopSignal();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      const started = performance.now();
      if (document.hidden && requested.current === address) {
        timer = setTimeout(run, 1_000);
        return;
      }
      try {
        const data = await ask<T>(address, {}, { signal });
        if (signal.aborted) return;
        setState({ data, loading: false });
      } catch (error) {
        if (signal.aborted) return;
        setState((before) => ({ ...before, error: error as ApiError, loading: false }));
      }
      requested.current = address;
      if (everyMs !== undefined)
        timer = setTimeout(run, Math.max(everyMs, REST * (performance.now() - started)));
    };
    setState((before) => ({ ...before, loading: true }));
    void run();
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [address, everyMs, turn]);
  return { data: state.data, error: state.error, loading: state.loading, again };
}

function stopSignal(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, stop: () => controller.abort() };
}
