import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { addressOf, useAddress } from '../address.ts';
import { useObservable } from '../observable.ts';
import { useKeys } from '../parts/keys.ts';
import type { VirtualList } from '../parts/virtual-list.tsx';
import { readProblem } from '../query/query-parts.ts';
import { SearchBox } from '../query/search-box.tsx';
import { useSettings } from '../settings.ts';
import { compileMatches } from '../text/find-matches.ts';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { Facets } from './facets.tsx';
import { Histogram, type HistogramData } from './histogram.tsx';
import { justAfter } from './just-after.ts';
import { LineDetail } from './line-detail.tsx';
import { LiveBar } from './live-bar.tsx';
import { changeView, filterOf, readView } from './live-view.ts';
import { LogFeed } from './log-feed.ts';
import { LogList, toggleFold } from './log-list.tsx';
import type { LogRecord } from './log-record.ts';
import type { Row } from './log-window.ts';
import { NewLines } from './new-lines.tsx';
import { StatusBar } from './status-bar.tsx';
import { earlier } from './time-range.tsx';

const HISTOGRAM_EVERY_MS = 2_000;

/** The page `/api/v1/logs`. */
export function LivePage() {
  const { parameters } = useAddress();
  const view = useMemo(() => readView(parameters), [parameters]);
  const filter = filterOf(view);
  const query = addressOf('', filter);
  // The line that the page was opened for, or came back to; lines that are chosen are in the list already.
  const [opened, setOpened] = useState({ line: view.line, query });
  const line = opened.query === query ? opened.line : '';
  const feed = useMemo(() => new LogFeed(filter, line), [query, line]);
  useEffect(() => () => feed.stop(), [feed]);
  useObservable(feed);
  useTitle('Live logs');

  // Until the first lines of a new query are here, those of the previous one stay.
  const answered = useRef(feed);
  if (feed.isFirstLoaded) answered.current = feed;
  const shown = answered.current;

  const settings = useSettings();
  const list = useRef<VirtualList<Row>>(null);
  const search = useRef<HTMLInputElement>(null);
  const [follow, setFollow] = useState(line === '');
  const [seen, setSeen] = useState(0);
  useEffect(() => setFollow(line === ''), [feed]);
  const matches = useMemo(() => compileMatches(view.q), [view.q]);
  const every = view.to === '' && line === '' ? HISTOGRAM_EVERY_MS : undefined;
  const histogram = useAsk<HistogramData>('/api/v1/logs/histogram', { ...filter, by: 'level' }, every);
  const chosen = view.line === '' ? undefined : feed.window.find(view.line);
  // Of a line that was chosen among the neighbours of another: the list need not hold it.
  const [neighbour, setNeighbour] = useState<LogRecord>();
  const record = chosen?.record ?? (neighbour?.id === view.line ? neighbour : undefined);
  const shownIn = useRef<LogFeed>(null);

  useEffect(() => {
    if (line === '' || !feed.isFirstLoaded || shownIn.current === feed) return;
    shownIn.current = feed;
    const row = feed.window.find(line);
    if (row) list.current?.show(feed.window.indexOf(row), 'middle');
  }, [feed, feed.isFirstLoaded]);
  // The way back may lead to a line that the list of now does not hold.
  useEffect(() => {
    if (view.line === '' || !feed.isFirstLoaded || record || line === view.line) return;
    setOpened({ line: view.line, query });
  }, [feed, feed.isFirstLoaded, view.line]);

  const onFollow = (following: boolean) => {
    feed.following = following;
    setSeen(feed.received);
    setFollow(following);
  };
  const toPresent = () => {
    if (line !== '' || view.to !== '') {
      setOpened({ line: '', query: '' });
      changeView({ to: '', line: '', from: view.to === '' ? view.from : '' });
    }
    feed.resume();
    onFollow(true);
  };
  const select = (id: string) => changeView({ line: id === view.line ? '' : id }, 'replace');
  const selectNeighbour = (of: LogRecord) => {
    setNeighbour(of);
    changeView({ line: of.id }, 'replace');
  };
  const move = (steps: number) => {
    const { rows } = feed.window;
    if (rows.length === 0) return;
    const from = chosen ? feed.window.indexOf(chosen) : steps > 0 ? rows.length - 2 : rows.length;
    let index = Math.max(0, Math.min(rows.length - 1, from + steps));
    while (rows[index]?.kind === 'gap') index += Math.sign(steps);
    const row = rows[index];
    if (row?.kind !== 'line') return;
    onFollow(false);
    changeView({ line: row.record.id }, 'replace');
    list.current?.show(index, 'near');
  };

  useKeys({
    '/': () => search.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(list.current?.pageLength ?? 20),
    PageUp: () => move(-(list.current?.pageLength ?? 20)),
    ' ': () => (feed.state === 'paused' ? toPresent() : feed.pause()),
    x: () => chosen && toggleFold(feed, chosen.record.id),
    w: () => settings.set({ wrap: !settings.values.wrap }),
    f: () => settings.set({ facets: !settings.values.facets }),
    c: () => feed.clear(),
    G: toPresent,
    End: toPresent,
    g: () => {
      onFollow(false);
      list.current?.show(0, 'near');
    },
    Escape: () => view.line !== '' && select(view.line),
  });

  const range = filterOf({ from: view.from, to: view.to });
  const further = view.to === '' ? earlier(view.from) : undefined;
  const problem = feed.problem ?? histogram.error?.message;
  return (
    <main class={`live ${settings.values.facets ? '' : 'without-facets'} ${record ? 'with-detail' : ''}`}>
      <h1 class="visually-hidden">Live logs</h1>
      <LiveBar view={view} feed={feed} onPresent={toPresent}>
        <SearchBox
          inputRef={search}
          query={view.q}
          onQuery={(q) => changeView({ q, line: '' })}
          problem={problem?.startsWith('q: ') ? readProblem(problem) : undefined}
          range={range}
          seenFields={() => fieldsSeen(feed)}
        />
      </LiveBar>
      {settings.values.facets && <Facets view={view} />}
      <Histogram data={histogram.data} onZoom={zoom} />
      <div class={`list-area ${shown === feed ? '' : 'is-old'}`}>
        <LogList
          listRef={list}
          feed={shown}
          selected={view.line}
          matches={matches}
          follow={follow}
          onFollow={onFollow}
          onSelect={select}
          onEarlier={further === undefined ? undefined : () => changeView({ from: further, line: '' })}
          onContinue={() => {
            const first = feed.window.firstLine;
            if (first) changeView({ to: justAfter(first.record.timestamp), line: '' });
          }}
        />
        <NewLines feed={shown} follow={follow} count={feed.received - seen} onPresent={toPresent} />
      </div>
      {record && (
        <LineDetail
          record={record}
          view={view}
          matches={matches}
          onChoose={selectNeighbour}
          onClose={() => select(view.line)}
        />
      )}
      <StatusBar
        feed={feed}
        histogram={histogram.data}
        problem={problem?.startsWith('q: ') ? undefined : problem}
      />
    </main>
  );
}

function zoom(from: number, to: number): void {
  changeView({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), line: '' });
}

const SAMPLE = 100;

function fieldsSeen(feed: LogFeed): string[] {
  const names = new Set<string>();
  for (const row of feed.window.rows.slice(-SAMPLE)) {
    if (row.kind === 'line') for (const name of Object.keys(row.record)) names.add(name);
  }
  names.delete('id');
  return [...names];
}
