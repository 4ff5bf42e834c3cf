import type { ComponentChildren } from 'preact';
import { address } from '../address.ts';
import { browserPath } from '../base-path.ts';

export interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly className?: string;
  readonly current?: boolean;
}

/** A link to another of these pages, without loading all anew. */
export function Link({ to, children, className, current }: LinkProps) {
  return (
    <a
      href={browserPath(to)}
      class={className}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        address.go(to);
      }}
    >
      {children}
    </a>
  );
}
