import { useEffect, useRef } from 'preact/hooks';
import { useSettings } from './settings.ts';

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['/'], 'search'],
  [['j'], 'next line'],
  [['k'], 'previous line'],
  [['Space'], 'pause, go on'],
  [['G', 'End'], 'to the newest line, live'],
  [['g'], 'to the first line'],
  [['x'], 'expand the selected line'],
  [['Esc'], 'close the line'],
  [['w'], 'wrap long lines'],
  [['f'], 'show or hide filters'],
  [['c'], 'clear the list'],
  [['t'], 'dark or light'],
  [['?'], 'this help'],
];

const QUERY: readonly (readonly [string, string])[] = [
  ['word  "two words"', 'messages that contain the text'],
  ['level:error  service:vllm', 'exactly this value'],
  ['file_path:*.err  message:/time[ds]? out/', 'patterns, regular expressions'],
  ['duration_ms:>500  status_code:[400 TO 499]', 'numbers'],
  ['a b   a OR b   -a   ( )', 'and, or, not, groups'],
];

export function HelpDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const settings = useSettings();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl class="help-keys">
        {KEYS.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={settings.values.keys}
          onChange={(event) => settings.set({ keys: event.currentTarget.checked })}
        />
        Single-key shortcuts
      </label>
      <h2>Search</h2>
      <dl class="help-keys">
        {QUERY.map(([query, finds]) => (
          <div key={query}>
            <dt>
              <code>{query}</code>
            </dt>
            <dd>{finds}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="primary" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
