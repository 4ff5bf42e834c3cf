import { useEffect, useRef } from 'preact/hooks';
import { settings } from '../settings.ts';

/** What keys do, by `event.key`. */
export type Keys = Readonly<Record<string, () => void>>;

const TYPING = 'input, textarea, select, [contenteditable]';
/** Keys that a control with the focus takes for itself. */
const PRESSES = ['Enter', ' '];
/** And those with which a text is scrolled that has it. */
const SCROLLS = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', ' '];

/** Single keys for a page; not while something is typed, nor with Ctrl, Alt or Meta. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (target.matches(TYPING)) return;
      if (PRESSES.includes(event.key) && target.closest('button, a, summary')) return;
      if (SCROLLS.includes(event.key) && target.matches('pre')) return;
      // What is behind a dialog is out of reach, and Escape closes the dialog.
      if (document.querySelector('dialog:modal')) return;
      if (!settings.values.keys && event.key.length === 1) return;
      const act = current.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}
