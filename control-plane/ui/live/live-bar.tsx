import type { ComponentChildren } from 'preact';
import { Icon } from '../parts/icon.tsx';
import { useAsk } from '../use-ask.ts';
import { changeView, filterOf, LISTS, type LiveView, toggled } from './live-view.ts';
import type { LogFeed } from './log-feed.ts';
import { TimeRange } from './time-range.tsx';
import { DisplayMenu, DownloadMenu, SavedViews } from './view-menus.tsx';

export interface LiveBarProps {
  readonly view: LiveView;
  readonly feed: LogFeed;
  readonly onPresent: () => void;
  readonly children: ComponentChildren;
}

/** What chooses the lines, and what is done with them. */
export function LiveBar({ view, feed, onPresent, children }: LiveBarProps) {
  const { state, isRunning } = feed;
  return (
    <div class="live-bar">
      <div class="live-bar-row">
        {children}
        <TypeFilter view={view} />
        <TimeRange view={view} />
        <button
          type="button"
          class={`run ${isRunning ? 'is-running' : 'primary'}`}
          onClick={isRunning ? () => feed.pause() : onPresent}
        >
          <Icon name={isRunning ? 'pause' : 'play'} />
          {isRunning ? 'Pause' : state === 'closed' ? 'Go live' : 'Connect'}
        </button>
        <button type="button" onClick={() => feed.clear()}>
          Clear
        </button>
        <SavedViews view={view} />
        <DownloadMenu view={view} />
        <DisplayMenu />
      </div>
      <Chips view={view} />
    </div>
  );
}

/** Distinguishes requests of an API. */
function TypeFilter({ view }: { readonly view: LiveView }) {
  const { data } = useAsk<{ facets: { type?: readonly { value: string }[] } }>('/api/v1/logs/facets', {
    ...filterOf({ from: view.from, to: view.to }),
    fields: 'type',
    limit: '20',
  });
  const types = (data?.facets.type ?? []).map(({ value }) => value);
  const known = ['', 'api', 'errors'];
  if (view.type !== '' && !known.includes(view.type) && !types.includes(view.type)) types.push(view.type);
  return (
    <select
      aria-label="Type"
      value={view.type}
      onChange={(event) => changeView({ type: event.currentTarget.value, line: '' })}
    >
      <option value="">All types</option>
      <option value="api">API calls</option>
      <option value="errors">Errors</option>
      {types.map((type) => (
        <option key={type} value={type}>
          {type}
        </option>
      ))}
    </select>
  );
}

/** What is filtered by beside the query, each to be taken away. */
function Chips({ view }: { readonly view: LiveView }) {
  const chips = LISTS.flatMap((field) => view[field].map((value) => ({ field, value })));
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {chips.map(({ field, value }) => (
        <li key={`${field}:${value}`}>
          <button
            type="button"
            title="Remove this filter"
            onClick={() => changeView(toggled(view, field, value))}
          >
            <span class="chip-field">{field}</span> {value} <Icon name="close" />
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <button
            type="button"
            class="link"
            onClick={() => changeView({ level: [], service: [], machine_id: [], line: '' })}
          >
            take all away
          </button>
        </li>
      )}
    </ul>
  );
}
