import { useState } from 'preact/hooks';
import { address, addressOf } from '../address.ts';
import { browserPath } from '../base-path.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { useSettings } from '../settings.ts';
import { remember, remembered } from '../storage.ts';
import { filterOf, type LiveView, viewAddress } from './live-view.ts';

interface SavedView {
  readonly name: string;
  readonly address: string;
}

/** Views by name, kept in this browser. */
export function SavedViews({ view }: { readonly view: LiveView }) {
  const [views, setViews] = useState(() => remembered<readonly SavedView[]>('views', []));
  const [name, setName] = useState('');
  const change = (next: readonly SavedView[]) => {
    remember('views', next);
    setViews(next);
  };
  const here = viewAddress({ ...view, line: '' });
  return (
    <Menu label="Views">
      {(close) => (
        <>
          {views.length === 0 && <p class="hint">No saved views.</p>}
          <ul class="choices">
            {views.map((saved) => (
              <li key={saved.name}>
                <button
                  type="button"
                  onClick={() => {
                    close();
                    address.go(saved.address);
                  }}
                >
                  {saved.name}
                </button>
                <button
                  type="button"
                  class="plain"
                  aria-label={`Forget ${saved.name}`}
                  onClick={() => change(views.filter((other) => other !== saved))}
                >
                  <Icon name="close" />
                </button>
              </li>
            ))}
          </ul>
          <form
            class="inline"
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim() === '') return;
              change([
                ...views.filter((other) => other.name !== name.trim()),
                { name: name.trim(), address: here },
              ]);
              setName('');
            }}
          >
            <input
              aria-label="Name of the view"
              placeholder="Name for this view"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <button type="submit">Save</button>
          </form>
          <CopyButton text={() => location.origin + browserPath(here)}>Copy link to this view</CopyButton>
        </>
      )}
    </Menu>
  );
}

const FORMATS = { ndjson: 'NDJSON', csv: 'CSV', json: 'JSON', parquet: 'Parquet' } as const;

/** All lines of the view, not only those that are held here. */
export function DownloadMenu({ view }: { readonly view: LiveView }) {
  return (
    <Menu label="Download">
      {(close) => (
        <ul class="choices">
          {Object.entries(FORMATS).map(([format, name]) => (
            <li key={format}>
              <a
                href={browserPath(addressOf('/api/v1/logs/export', { ...filterOf(view), format }))}
                download=""
                onClick={close}
              >
                {name}
              </a>
            </li>
          ))}
        </ul>
      )}
    </Menu>
  );
}

export function DisplayMenu() {
  const settings = useSettings();
  const { wrap, utc, showMachine, facets } = settings.values;
  const choices = [
    ['Wrap long lines', wrap, { wrap: !wrap }],
    ['Show machine', showMachine, { showMachine: !showMachine }],
    ['Times in UTC', utc, { utc: !utc }],
    ['Show filters', facets, { facets: !facets }],
  ] as const;
  return (
    <Menu label="Display">
      {() => (
        <ul class="choices">
          {choices.map(([name, on, change]) => (
            <li key={name}>
              <label>
                <input type="checkbox" checked={on} onChange={() => settings.set(change)} /> {name}
              </label>
            </li>
          ))}
        </ul>
      )}
    </Menu>
  );
}
