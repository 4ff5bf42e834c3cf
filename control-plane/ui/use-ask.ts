import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { addressOf, type Parameters } from './address.ts';
import { type ApiError, ask } from './api.ts';

export interface Asked<T> {
  /** The newest answer; of the question before while a new one is under way. */
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly again: () => void;
}

/** How much longer than an answer takes to wait until the next one: a question never keeps the server busy. */
const REST = 5;

/**
 * Asks the server, again when the question changes, and every so often.
 * @param path undefined: nothing is asked
 */
export function useAsk<T>(path: string | undefined, parameters: Parameters = {}, everyMs?: number): Asked<T> {
  const [state, setState] = useState<{ data?: T; error?: ApiError | undefined; loading: boolean }>({
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const question = path === undefined ? undefined : addressOf(path, parameters);
  const asked = useRef<string>(null);
  useEffect(() => {
    if (question === undefined) return;
    const { signal, stop } = stopSignal();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      const started = performance.now();
      if (document.hidden && asked.current === question) {
        timer = setTimeout(run, 1_000);
        return;
      }
      try {
        const data = await ask<T>(question, {}, { signal });
        if (signal.aborted) return;
        setState({ data, loading: false });
      } catch (error) {
        if (signal.aborted) return;
        setState((before) => ({ ...before, error: error as ApiError, loading: false }));
      }
      asked.current = question;
      if (everyMs !== undefined)
        timer = setTimeout(run, Math.max(everyMs, REST * (performance.now() - started)));
    };
    setState((before) => ({ ...before, loading: true }));
    void run();
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [question, everyMs, turn]);
  return { data: state.data, error: state.error, loading: state.loading, again };
}

function stopSignal(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, stop: () => controller.abort() };
}
