/**
 * A Lumino widget inside of a React tree: made when it comes near the screen, ended with its place.
 *
 * An editor pair takes tens of milliseconds, and a notebook can have two hundred changed cells.
 */
import { Widget } from '@lumino/widgets';
import * as React from 'react';

const NEAR = '800px 0px';
const LINE = 17;
const MOST_LINES = 60;

interface IHostedProps {
  /** Makes the widget; called once. */
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
      try {
        widget = make.current();
        node.style.minHeight = '';
        Widget.attach(widget, node);
      } catch (reason) {
        setFault(reason);
      }
    };
    let observer: IntersectionObserver | null = null;
    if (typeof IntersectionObserver === 'undefined') {
      show();
    } else {
      node.style.minHeight = `${Math.min(props.lines, MOST_LINES) * LINE}px`;
      observer = new IntersectionObserver(
        entries => {
          if (entries.some(entry => entry.isIntersecting)) {
            observer?.disconnect();
            show();
          }
        },
        { rootMargin: NEAR }
      );
      observer.observe(node);
    }
    return () => {
      observer?.disconnect();
      if (widget?.isAttached) {
        Widget.detach(widget);
      }
      widget?.dispose();
    };
  }, []);

  if (fault !== null) {
    throw fault instanceof Error ? fault : new Error(String(fault)); // for the boundary around
  }
  return <div ref={host} className="studio-Review-hosted" />;
}
