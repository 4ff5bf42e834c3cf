import { counted } from '../numbers.ts';
import { Icon } from '../parts/icon.tsx';
import { changeView } from './live-view.ts';
import type { LogFeed } from './log-feed.ts';

export interface NewLinesProps {
  readonly feed: LogFeed;
  readonly follow: boolean;
  /** Lines that came since the reader left the end. */
  readonly count: number;
  readonly onPresent: () => void;
}

/** The way back to the end of the list, with what came there meanwhile. */
export function NewLines({ feed, follow, count, onPresent }: NewLinesProps) {
  if (feed.isFirstLoaded && feed.window.rows.length === 0) {
    return (
      <div class="empty">
        <p>
          {feed.older === 'held' ? 'Cleared. New lines appear here.' : 'No line matches.'}{' '}
          {feed.state === 'live' && feed.older !== 'held' && 'New lines appear here.'}
        </p>
        {feed.older !== 'held' && feed.hints.length > 0 && (
          <ul class="hints">
            {feed.hints.map(({ message, query }) => (
              <li key={message}>
                {message}{' '}
                {query !== undefined && (
                  <button type="button" class="link" onClick={() => changeView({ q: query, line: '' })}>
                    {query}
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    );
  }
  if (feed.state === 'paused') {
    return (
      <button type="button" class="new-lines" onClick={onPresent}>
        Paused · {feed.missed === 0 ? 'resume' : counted(feed.missed, 'new line')} <Icon name="play" />
      </button>
    );
  }
  if (follow || feed.state === 'closed') return null;
  return (
    <button type="button" class="new-lines" onClick={onPresent}>
      {count === 0 ? 'To the newest line' : counted(count, 'new line')} <Icon name="down" />
    </button>
  );
}
