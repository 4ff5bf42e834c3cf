import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface CopyButtonProps {
  readonly text: () => string;
  readonly children: ComponentChildren;
  readonly name?: string;
  readonly className?: string;
}

const SHOWN_MS = 1_200;

export function CopyButton({ text, children, name, className = '' }: CopyButtonProps) {
  const [done, setDone] = useState<string>();
  const copy = async () => {
    try {
      await writeClipboard(text());
      setDone('copied');
    } catch {
      setDone('not allowed');
    }
    setTimeout(() => setDone(undefined), SHOWN_MS);
  };
  return (
    <button type="button" class={className} aria-label={name} title={name} onClick={copy}>
      {done ? className === 'plain' ? <Icon name="check" /> : done : children}
    </button>
  );
}

/** Browsers give the clipboard to pages over HTTPS and of the own machine alone; elsewhere the old way is left. */
async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('The browser does not allow copying.');
}
