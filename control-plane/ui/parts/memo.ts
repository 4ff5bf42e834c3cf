import { Component, type ComponentChild, type FunctionComponent, h } from 'preact';

/** A component that is drawn again only when one of its properties is another one. */
export function memo<Props extends object>(inner: FunctionComponent<Props>): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const { props } = this;
      return (Object.keys(next) as (keyof Props)[]).some(
        (name) => next[name] !== props[name as keyof typeof props],
      );
    }

    override render(): ComponentChild {
      return h(inner, this.props);
    }
  }
  return Memo as unknown as FunctionComponent<Props>;
}
