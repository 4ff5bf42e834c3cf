import { Component, type ComponentChildren, createRef, Fragment, type RefObject } from 'preact';
import { RowHeights } from './row-heights.ts';

export interface VirtualRow {
  /** Pixels as measured; 0 until it was drawn. Kept with the row, which may move in the list. */
  height: number;
}

export interface VirtualListProps<Row extends VirtualRow> {
  /** Where the list itself is found: components of Preact 11 get a `ref` as a property like others, and it stays empty. */
  readonly listRef?: RefObject<VirtualList<Row> | null>;
  readonly rows: readonly Row[];
  readonly label: string;
  /** Pixels of a row that was not measured yet. */
  readonly estimate: number;
  readonly keyOf: (row: Row) => string;
  /** −1 where the row is gone. */
  readonly indexOf: (row: Row) => number;
  readonly render: (row: Row, index: number) => ComponentChildren;
  /** Kept at its end while rows come. */
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  readonly onNearStart: () => void;
  readonly onNearEnd: () => void;
  /** Stand before and behind all rows. */
  readonly head?: ComponentChildren;
  readonly foot?: ComponentChildren;
  readonly activeId?: string | undefined;
  readonly className?: string;
  readonly onClick?: (event: MouseEvent) => void;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Rows drawn beyond what is seen, on each side. */
const OVERSCAN = 12;
/** Pixels from an end at which more is asked for. */
const NEAR = 600;

/**
 * A list that draws only the rows that are seen, of any height. Our own, because @tanstack/virtual keeps the height of every row that ever
 * was, which a live stream makes grow without end, and has nine times the size. Rows may come and go anywhere: what the reader looks
 * at stays where it is, unless the list follows its end. Going up by any means ends following at once, also while rows
 * pour in.
 */
export class VirtualList<Row extends VirtualRow> extends Component<VirtualListProps<Row>, Range> {
  override state: Range = { first: 0, last: 60 };
  readonly #scroller = createRef<HTMLDivElement>();
  readonly #body = createRef<HTMLDivElement>();
  readonly #list = createRef<HTMLDivElement>();
  readonly #heights = new RowHeights();
  #lastTop = 0;
  /** The first row that is seen, and how far it is above the upper edge. */
  #anchor: { row: Row; offset: number } | undefined;
  #resized: ResizeObserver | undefined;

  override componentDidMount(): void {
    const { listRef } = this.props;
    if (listRef) listRef.current = this;
    this.#resized = new ResizeObserver(() => this.forceUpdate());
    this.#resized.observe(this.#scroller.current!);
    // Passive, so that scrolling never waits for the page.
    this.#scroller.current!.addEventListener('wheel', this.#onWheel, { passive: true });
    this.#adjust();
  }

  override componentWillUnmount(): void {
    this.#resized?.disconnect();
  }

  override componentDidUpdate(): void {
    this.#adjust();
  }

  /** Brings a row into view. */
  show(index: number, where: 'near' | 'middle'): void {
    const scroller = this.#scroller.current;
    if (!scroller || index < 0) return;
    const top = this.#bodyTop + this.#heights.offset(index);
    const bottom = this.#bodyTop + this.#heights.offset(index + 1);
    const { scrollTop, clientHeight } = scroller;
    if (where === 'near' && top >= scrollTop && bottom <= scrollTop + clientHeight) return;
    if (where === 'middle') this.#scrollTo(top - (clientHeight - (bottom - top)) / 2);
    else this.#scrollTo(top < scrollTop ? top : bottom - clientHeight);
    this.#readPosition();
  }

  /** Rows that fit. */
  get pageLength(): number {
    return Math.max(1, Math.floor((this.#scroller.current?.clientHeight ?? 0) / this.props.estimate) - 2);
  }

  override render() {
    const {
      rows,
      label,
      estimate,
      keyOf,
      render,
      head,
      foot,
      activeId,
      className = '',
      onClick,
    } = this.props;
    this.#heights.update(rows, estimate);
    const { first, last } = this.#range();
    const shown = rows.slice(first, last);
    return (
      <div class={`virtual ${className}`} ref={this.#scroller} onScroll={this.#onScroll}>
        {head}
        <div class="virtual-body" ref={this.#body} style={{ height: `${this.#heights.total}px` }}>
          <div
            class="virtual-rows"
            ref={this.#list}
            role="listbox"
            tabIndex={0}
            aria-label={label}
            aria-activedescendant={activeId}
            style={{ transform: `translateY(${this.#heights.offset(first)}px)` }}
            onClick={onClick}
            onKeyDown={this.#onKeyDown}
          >
            {shown.map((row, index) => (
              <Fragment key={keyOf(row)}>{render(row, first + index)}</Fragment>
            ))}
          </div>
        </div>
        {foot}
      </div>
    );
  }

  /** The rows to draw; of a list that follows its end those that will be seen there, so that it is drawn only once. */
  #range(): Range {
    const { rows, follow } = this.props;
    const height = this.#scroller.current?.clientHeight ?? 0;
    if (follow && height > 0) {
      const first = this.#heights.indexAt(Math.max(0, this.#heights.total - height)) - OVERSCAN;
      return { first: Math.max(0, first), last: rows.length };
    }
    const first = Math.min(this.state.first, Math.max(0, rows.length - 1));
    return { first, last: Math.min(this.state.last, rows.length) };
  }

  get #bodyTop(): number {
    return this.#body.current?.offsetTop ?? 0;
  }

  /** Measures the drawn rows and restores the scroll position; draws again where other rows are visible now. */
  #adjust(): void {
    const scroller = this.#scroller.current!;
    const { rows } = this.props;
    let changed = false;
    const { first } = this.#range();
    let index = first;
    for (const element of this.#list.current!.children) {
      const row = rows[index++];
      const height = (element as HTMLElement).offsetHeight;
      if (!row || height === 0) continue;
      // As it was taken to be: nothing moves.
      if ((row.height || this.props.estimate) !== height) changed = true;
      row.height = height;
    }
    if (changed) {
      this.#heights.update(rows, this.props.estimate);
      this.#body.current!.style.height = `${this.#heights.total}px`;
      this.#list.current!.style.transform = `translateY(${this.#heights.offset(first)}px)`;
    }
    if (this.props.follow) {
      this.#scrollTo(scroller.scrollHeight);
    } else if (this.#anchor) {
      const index = this.props.indexOf(this.#anchor.row);
      if (index >= 0) {
        const top = this.#bodyTop + this.#heights.offset(index) + this.#anchor.offset;
        if (Math.abs(top - scroller.scrollTop) >= 1) this.#scrollTo(top);
      }
    }
    this.#readPosition();
  }

  #scrollTo(top: number): void {
    const scroller = this.#scroller.current!;
    scroller.scrollTop = top;
    this.#lastTop = scroller.scrollTop;
  }

  #readPosition(): void {
    const scroller = this.#scroller.current!;
    const { rows, onNearStart, onNearEnd } = this.props;
    const top = scroller.scrollTop - this.#bodyTop;
    const index = this.#heights.indexAt(Math.max(0, top));
    const row = rows[index];
    this.#anchor = row && { row, offset: top - this.#heights.offset(index) };
    const end = this.#heights.indexAt(Math.max(0, top + scroller.clientHeight));
    const first = Math.max(0, index - OVERSCAN);
    const last = end + 1 + OVERSCAN;
    const isOther = first !== this.state.first || last !== this.state.last;
    if (isOther && !this.props.follow) this.setState({ first, last });
    // It is drawn already, and is where to begin when the reader leaves the end.
    else this.state = { first, last };
    if (scroller.scrollTop < NEAR) onNearStart();
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR) onNearEnd();
  }

  readonly #onScroll = (): void => {
    const scroller = this.#scroller.current;
    // The browser reports scrolling a moment later: another page may be shown by then.
    if (!scroller) return;
    const { scrollTop: top } = scroller;
    const below = scroller.scrollHeight - top - scroller.clientHeight;
    const { follow, onFollow } = this.props;
    // At the very end it was the browser that moved up, because rows went.
    if (follow && top < this.#lastTop && below > 1) onFollow(false);
    else if (!follow && top > this.#lastTop && below < 4) onFollow(true);
    this.#lastTop = top;
    this.#readPosition();
  };

  readonly #onWheel = (event: WheelEvent): void => {
    const { scrollHeight, clientHeight } = this.#scroller.current!;
    if (event.deltaY < 0 && this.props.follow && scrollHeight > clientHeight + 1) this.props.onFollow(false);
  };

  /** The keys of a list box that scrolls; those of a page are the page's. */
  readonly #onKeyDown = (event: KeyboardEvent): void => {
    const { follow, onFollow } = this.props;
    if (follow && ['ArrowUp', 'PageUp', 'Home'].includes(event.key)) onFollow(false);
  };
}
