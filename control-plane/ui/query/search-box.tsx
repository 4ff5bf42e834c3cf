import type { Ref, RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Parameters } from '../address.ts';
import { Icon } from '../parts/icon.tsx';
import { type Completion, completionsOf } from './complete.ts';
import { queryHistory, rememberQuery } from './query-history.ts';
import { partsOfQuery, problemOfQuery, type QueryProblem } from './query-parts.ts';

export interface SearchBoxProps {
  readonly inputRef: RefObject<HTMLInputElement | null>;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  /** What the server said against the query. */
  readonly problem: QueryProblem | undefined;
  readonly range: Parameters;
  readonly seenFields: () => readonly string[];
}

const COMPLETE_AFTER_MS = 120;
/** A query is not called wrong while it is being typed. */
const COMPLAIN_AFTER_MS = 900;

/** The query with its colours, what may come next, earlier queries, and where it is wrong. */
export function SearchBox({ inputRef, query, onQuery, problem, range, seenFields }: SearchBoxProps) {
  const [text, setText] = useState(query);
  const [wrong, setWrong] = useState<QueryProblem>();
  const [items, setItems] = useState<readonly Completion[]>([]);
  const [active, setActive] = useState(-1);
  const layer = useRef<HTMLDivElement>(null);
  const asking = useRef<AbortController>(null);
  useEffect(() => setText(query), [query]);

  useEffect(() => {
    setWrong(undefined);
    const timer = setTimeout(() => setWrong(problemOfQuery(text)), COMPLAIN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);

  const close = () => {
    asking.current?.abort();
    setItems([]);
    setActive(-1);
  };
  const submit = (given: string) => {
    close();
    const found = problemOfQuery(given);
    setWrong(found);
    if (found) return;
    rememberQuery(given);
    onQuery(given.trim());
  };
  const complete = (given: string, caret: number) => {
    asking.current?.abort();
    const controller = new AbortController();
    asking.current = controller;
    const { signal } = controller;
    setTimeout(async () => {
      if (signal.aborted) return;
      const found = await completionsOf(given, caret, seenFields(), range, signal).catch(() => []);
      if (signal.aborted) return;
      setItems(found);
      setActive(-1);
    }, COMPLETE_AFTER_MS);
  };
  const take = (item: Completion) => {
    setText(item.query);
    close();
    const input = inputRef.current!;
    input.focus();
    requestAnimationFrame(() => input.setSelectionRange(item.caret, item.caret));
    if (item.label.endsWith(':')) complete(item.query, item.caret);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      if (items.length === 0) {
        // Completions that are still loading would replace what was requested.
        close();
        setItems(historyItems(text));
        setActive(0);
      } else setActive((active + step + items.length) % items.length);
    } else if (event.key === 'Enter') {
      const item = items[active];
      if (item) take(item);
      else submit(text);
    } else if (event.key === 'Tab' && items.length > 0 && !event.shiftKey) {
      event.preventDefault();
      take(items[Math.max(0, active)]!);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      if (items.length > 0) close();
      else if (text !== query) setText(query);
      else inputRef.current?.blur();
    }
  };

  const shown = wrong ?? (text === query ? problem : undefined);
  return (
    <div class="search">
      <div class={`search-field ${shown ? 'is-wrong' : ''}`}>
        <Highlighted layer={layer} text={text} />
        <input
          ref={inputRef}
          type="text"
          role="combobox"
          aria-label="Search the log"
          aria-expanded={items.length > 0}
          aria-controls="completions"
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? `completion-${active}` : undefined}
          aria-invalid={shown !== undefined}
          aria-describedby={shown ? 'query-problem' : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          placeholder="Search: words, level:error, service:vllm, duration_ms:>500 …"
          value={text}
          onInput={(event) => {
            const { value, selectionStart } = event.currentTarget;
            setText(value);
            complete(value, selectionStart ?? value.length);
          }}
          onScroll={(event) => {
            if (layer.current) layer.current.scrollLeft = event.currentTarget.scrollLeft;
          }}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
        {text !== '' && (
          <button type="button" class="plain" aria-label="Clear the search" onClick={() => submit('')}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <div
        class="completions"
        id="completions"
        role="listbox"
        aria-label="Completions"
        hidden={items.length === 0}
      >
        {items.map((item, index) => (
          <div
            key={item.query}
            id={`completion-${index}`}
            role="option"
            aria-selected={index === active}
            tabIndex={-1}
            onMouseDown={(event) => {
              // Keeps the focus where it is.
              event.preventDefault();
              take(item);
            }}
          >
            <span>{item.label}</span>
            <span class="hint">{item.hint}</span>
          </div>
        ))}
      </div>
      {shown && (
        <div class="query-problem" id="query-problem" role="alert">
          {shown.column !== undefined && <pre aria-hidden="true">{`${' '.repeat(shown.column - 1)}▲`}</pre>}
          <span>{shown.message}</span>
        </div>
      )}
    </div>
  );
}

function Highlighted({ layer, text }: { readonly layer: Ref<HTMLDivElement>; readonly text: string }) {
  const parts = useMemo(() => partsOfQuery(text), [text]);
  return (
    <div class="search-layer" ref={layer} aria-hidden="true">
      {parts.map(({ text: part, look }, index) => (
        <span key={index} class={`query-${look}`}>
          {part}
        </span>
      ))}
    </div>
  );
}

function historyItems(text: string): Completion[] {
  return queryHistory()
    .filter((query) => query.includes(text))
    .slice(0, 12)
    .map((query) => ({ query, caret: query.length, label: query, hint: 'earlier' }));
}
