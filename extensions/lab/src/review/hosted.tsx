/**
 * A Lumino widget inside of a React tree: made when it comes near the screen, ended when it is far from it.
 *
 * A pair of editors takes tens of milliseconds to make and a thousand elements to stand there; a notebook can have
 * hundreds of changed cells.
 */
import { Widget } from '@lumino/widgets';
import * as React from 'react';

/** Pixels above and below what is seen, within which a widget is made, and beyond which it ends. */
const NEAR = 800;
const FAR = 2500;
const LINE = 17;
const MOST_LINES = 60;
/** What scrolls: margins count from its edges. */
const SCROLLER = '.studio-Review-scroll';

interface IHostedProps {
  /** Makes the widget, each time when it comes near. */
  make: () => Widget;
  /** About how many lines it will show, to keep its place until then. */
  lines: number;
}

export function Hosted(props: IHostedProps): JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  const make = React.useRef(props.make);
  const [fault, setFault] = React.useState<unknown>(null);

  // A layout effect ends before its element leaves the page, which is when Lumino wants to detach.
  React.useLayoutEffect(() => {
    const node = host.current!;
    let widget: Widget | null = null;
    const show = (): void => {
      if (widget) {
        return;
      }
      try {
        widget = make.current();
        Widget.attach(widget, node);
        node.style.minHeight = '';
      } catch (reason) {
        setFault(reason);
      }
    };
    const end = (): void => {
      if (widget?.isAttached) {
        Widget.detach(widget);
      }
      widget?.dispose();
      widget = null;
    };
    const leave = (): void => {
      // What somebody reads or marks stays, and so does the place of what goes.
      if (widget && !node.contains(document.activeElement)) {
        node.style.minHeight = `${node.offsetHeight}px`;
        end();
      }
    };

    const root = node.closest(SCROLLER);
    const watch = (margin: number, tell: (inside: boolean) => void): IntersectionObserver => {
      const observer = new IntersectionObserver(
        entries => tell(entries[entries.length - 1].isIntersecting),
        { root, rootMargin: `${margin}px 0px` }
      );
      observer.observe(node);
      return observer;
    };
    node.style.minHeight = `${Math.min(props.lines, MOST_LINES) * LINE}px`;
    const observers = [
      watch(NEAR, inside => inside && show()),
      // A hidden tab is far from everything: what stands in it stays.
      watch(FAR, inside => !inside && node.offsetParent !== null && leave())
    ];
    return () => {
      observers.forEach(observer => observer.disconnect());
      end();
    };
  }, []);

  if (fault !== null) {
    throw fault instanceof Error ? fault : new Error(String(fault)); // for the boundary around
  }
  return <div ref={host} className="studio-Review-hosted" />;
}
