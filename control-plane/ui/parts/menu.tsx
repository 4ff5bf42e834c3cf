import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface MenuProps {
  readonly label: ComponentChildren;
  /** What the button is called where its label is a sign. */
  readonly name?: string;
  readonly className?: string;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a small panel; Escape, a click elsewhere and leaving it close it. */
export function Menu({ label, name, className = '', children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => setOpen(false);
  useEffect(() => {
    if (!open) return;
    const element = root.current!;
    const onDown = (event: Event) => {
      if (!element.contains(event.target as Node)) close();
    };
    const onLeave = (event: FocusEvent) => {
      if (event.relatedTarget && !element.contains(event.relatedTarget as Node)) close();
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      close();
      button.current?.focus();
    };
    addEventListener('pointerdown', onDown);
    element.addEventListener('focusout', onLeave);
    element.addEventListener('keydown', onKeyDown);
    return () => {
      removeEventListener('pointerdown', onDown);
      element.removeEventListener('focusout', onLeave);
      element.removeEventListener('keydown', onKeyDown);
    };
  }, [open]);
  return (
    <div class={`menu ${className}`} ref={root}>
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-label={name}
        title={name}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && <div class="menu-panel">{children(close)}</div>}
    </div>
  );
}
