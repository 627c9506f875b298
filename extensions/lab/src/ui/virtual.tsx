/**
 * A list of any length of which only what is in sight stands in the page; further pages are asked for on the way down.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

export interface IVirtualListProps<T> {
  /** What the list is, for who hears it. */
  label: string;
  items: readonly T[];
  /** Pixels. */
  rowHeight: number;
  render: (item: T, index: number) => React.ReactNode;
  /** How to tell rows apart when some are added in front; without it by place. */
  keyOf?: (item: T, index: number) => string | number;
  /** Whether there is more than `items`. */
  more?: boolean;
  /** Ask for it; called once for each length of `items`, when the end comes near. */
  loadMore?: () => void;
  /** What stands at the end while more is asked for. */
  loading?: string;
  className?: string;
}

/** Rows before the end at which more is asked for. */
const AHEAD = 20;
const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), [tabindex="0"]';

/** The list; it fills the height that its parent gives, and scrolls. Arrow keys move from row to row. */
export function VirtualList<T>(props: IVirtualListProps<T>): JSX.Element {
  const { items, rowHeight, keyOf, more = false, loadMore, loading } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length + (more ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: index => (index < items.length && keyOf ? keyOf(items[index], index) : index)
  });
  const seen = rows.getVirtualItems();
  const last = seen.length > 0 ? seen[seen.length - 1].index : -1;

  const asked = React.useRef(-1);
  React.useEffect(() => {
    if (more && loadMore && last >= items.length - AHEAD && asked.current !== items.length) {
      asked.current = items.length;
      loadMore();
    }
    if (!more) {
      asked.current = -1;
    }
  }, [more, loadMore, last, items.length]);

  const move = (event: React.KeyboardEvent): void => {
    const place = (event.target as Element)
      .closest('[data-studio-row]')
      ?.getAttribute('data-studio-row');
    const page = Math.max(
      1,
      Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1
    );
    const to = target(
      event.key,
      place === null || place === undefined ? -1 : Number(place),
      page,
      items.length - 1
    );
    if (to === null || !isMove(event)) {
      return;
    }
    event.preventDefault();
    rows.scrollToIndex(to);
    // The row may have to be drawn first.
    window.requestAnimationFrame(() =>
      window.requestAnimationFrame(() => {
        const row = scroller.current?.querySelector(`[data-studio-row="${to}"]`);
        row?.querySelector<HTMLElement>(FOCUSABLE)?.focus();
      })
    );
  };

  return (
    <div
      ref={scroller}
      className={`studio-VirtualList ${props.className ?? ''}`}
      tabIndex={0}
      role="group"
      aria-label={props.label}
      onKeyDown={move}
    >
      <div
        role="list"
        aria-label={props.label}
        style={{ height: rows.getTotalSize(), position: 'relative' }}
      >
        {seen.map(row => (
          <div
            key={row.key}
            role="listitem"
            aria-setsize={more ? -1 : items.length}
            aria-posinset={row.index + 1}
            data-studio-row={row.index}
            className="studio-VirtualList-row"
            style={{ height: row.size, transform: `translateY(${row.start}px)` }}
          >
            {row.index < items.length ? (
              props.render(items[row.index], row.index)
            ) : (
              <span>{loading ?? '…'}</span>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function isMove(event: React.KeyboardEvent): boolean {
  const element = event.target as HTMLElement;
  const writes = element.matches(
    'input:not([type="checkbox"]), textarea, select, [contenteditable="true"]'
  );
  return !writes && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
}

/** The row that a key leads to from row `from` (-1: from none); null for every other key. */
function target(key: string, from: number, page: number, last: number): number | null {
  const to: { [key: string]: number } = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + page,
    PageUp: from - page,
    Home: 0,
    End: last
  };
  return key in to && last >= 0 ? Math.max(0, Math.min(last, to[key])) : null;
}
