/**
 * Signals for components.
 */
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/** Draw the component anew whenever one of these is emitted. */
export function useSignals(...signals: (ISignal<any, any> | undefined)[]): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    signals.forEach(signal => signal?.connect(draw));
    draw(); // what happened between drawing and connecting
    return () => {
      signals.forEach(signal => signal?.disconnect(draw));
    };
  }, signals);
}
