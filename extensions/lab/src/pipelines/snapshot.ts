/**
 * A model as a component sees it: drawn anew whenever it changed, at most once a frame.
 */
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/** `read` anew after each `changed`. */
export function useChanging<T>(model: { changed: ISignal<any, void> }, read: () => T): T {
  const [value, setValue] = React.useState(read);
  const reading = React.useRef(read);
  reading.current = read;
  React.useEffect(() => {
    let frame = 0;
    const take = (): void => {
      frame = 0;
      setValue(() => reading.current());
    };
    const later = (): void => {
      frame ||= requestAnimationFrame(take);
    };
    model.changed.connect(later);
    take();
    return () => {
      model.changed.disconnect(later);
      cancelAnimationFrame(frame);
    };
  }, [model]);
  return value;
}
