import type { ComponentChildren } from 'preact';

export interface FigureProps {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly className?: string;
}

/** One number that matters, with its name. */
export function Figure({ name, children, className = '' }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class={className}>{children}</dd>
    </div>
  );
}
