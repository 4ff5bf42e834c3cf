import type { RefObject } from 'preact';
import { counted, formatCount } from '../numbers.ts';
import { VirtualList } from '../parts/virtual-list.tsx';
import { useSettings } from '../settings.ts';
import type { FindMatches } from '../text/find-matches.ts';
import { formatTime } from '../times.ts';
import type { LogFeed } from './log-feed.ts';
import { LogLine } from './log-line.tsx';
import { MAX_LINES, type Row } from './log-window.ts';

/** As `--line-height` in the style. */
const LINE_HEIGHT = 21;

export interface LogListProps {
  readonly listRef: RefObject<VirtualList<Row> | null>;
  readonly feed: LogFeed;
  readonly selected: string;
  readonly matches: FindMatches;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  readonly onSelect: (id: string) => void;
  /** Shows an earlier time; undefined where there is no lower end. */
  readonly onEarlier: (() => void) | undefined;
  /** Goes on from the first line that is held. */
  readonly onContinue: () => void;
}

export function LogList(props: LogListProps) {
  const { listRef, feed, selected, matches, follow, onFollow, onSelect } = props;
  const { wrap, showMachine, utc } = useSettings().values;
  const onClick = (event: MouseEvent) => {
    const target = event.target as HTMLElement;
    const id = target.closest<HTMLElement>('[data-id]')?.dataset.id;
    if (id === undefined || !getSelection()?.isCollapsed) return;
    if (target.closest('[data-fold]')) toggleFold(feed, id);
    else onSelect(id);
  };
  return (
    <VirtualList
      listRef={listRef}
      rows={feed.window.rows}
      label="Log lines"
      estimate={LINE_HEIGHT}
      keyOf={(row) => (row.kind === 'line' ? row.record.id : `gap-${row.id}`)}
      indexOf={(row) => feed.window.indexOf(row)}
      render={(row) =>
        row.kind === 'line' ? (
          <LogLine
            row={row}
            unfolded={row.unfolded}
            selected={row.record.id === selected}
            matches={matches}
            showMachine={showMachine}
            utc={utc}
          />
        ) : (
          <div class="gap" role="option" aria-selected={false} tabIndex={-1}>
            {counted(row.count, 'line')} dropped here: they arrived faster than this page reads
          </div>
        )
      }
      follow={follow}
      onFollow={onFollow}
      onNearStart={() => void feed.loadOlder()}
      onNearEnd={() => void feed.loadNewer()}
      head={<Head {...props} />}
      foot={<Foot feed={feed} />}
      activeId={selected === '' ? undefined : `line-${selected}`}
      className={`lines ${wrap ? 'wrap' : ''} ${showMachine ? 'with-machine' : ''}`}
      onClick={onClick}
    />
  );
}

export function toggleFold(feed: LogFeed, id: string): void {
  const row = feed.window.find(id);
  if (!row) return;
  row.unfolded = !row.unfolded;
  row.height = 0;
  feed.redraw();
}

/** What is known of the part before the first line. */
function Head({ feed, onEarlier, onContinue }: LogListProps) {
  const { window, older, isFirstLoaded } = feed;
  const first = window.firstLine;
  if (!isFirstLoaded) return <p class="edge">Loading…</p>;
  if (older === 'more' && window.isFull) {
    return (
      <p class="edge">
        This page shows at most {formatCount(MAX_LINES)} lines.{' '}
        <button type="button" onClick={onContinue}>
          Continue from here
        </button>
      </p>
    );
  }
  if (older === 'loading') return <p class="edge">Loading earlier lines…</p>;
  if (older === 'more' || older === 'held') {
    return (
      <p class="edge">
        <button type="button" onClick={() => void feed.loadOlder(true)}>
          Show earlier lines
        </button>
      </p>
    );
  }
  return (
    <p class="edge">
      {first ? `Nothing before ${formatTime(Date.parse(first.record.timestamp))} in this range.` : ''}{' '}
      {onEarlier && first && (
        <button type="button" onClick={onEarlier}>
          Show earlier lines
        </button>
      )}
    </p>
  );
}

/** What is behind the last line of history, where it did not come by itself. */
function Foot({ feed }: Pick<LogListProps, 'feed'>) {
  if (feed.newer !== 'held') return null;
  return (
    <p class="edge">
      <button type="button" onClick={() => void feed.loadNewer(true)}>
        Show later lines
      </button>
    </p>
  );
}
