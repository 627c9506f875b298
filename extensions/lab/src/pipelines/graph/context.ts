/**
 * What all nodes of one drawing share: the states, what is chosen, and what a click does.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IFoldedGraph } from '../fold';
import type { IStepState, StepStates } from '../states';

export interface IDrawing {
  trans: TranslationBundle;
  graph: IFoldedGraph;
  states: StepStates;
  /** The step that the Tab key leads to. */
  active: string;
  /** The step (its name) or part (its key) whose details are shown. */
  selected: string;
  /** Steps that show their parts. */
  open: ReadonlySet<string>;
  toggle: (step: string) => void;
  select: (step: string) => void;
}

export const Drawing = React.createContext<IDrawing | null>(null);

/** The drawing around a node. */
export function useDrawing(): IDrawing {
  const drawing = React.useContext(Drawing);
  if (!drawing) {
    throw new Error('A node was drawn outside of a graph.');
  }
  return drawing;
}

/** The state of one step; who calls it draws anew only when this state changed. */
export function useStepState(states: StepStates, name: string): IStepState | undefined {
  const subscribe = React.useCallback(
    (listener: () => void) => states.subscribe(name, listener),
    [states, name]
  );
  return React.useSyncExternalStore(subscribe, () => states.get(name));
}

/** All states, drawn anew at most every `pause` milliseconds. */
export function useAllStates(states: StepStates, pause: number): ReadonlyMap<string, IStepState> {
  const [shown, setShown] = React.useState(states.all);
  React.useEffect(() => {
    let timer = 0;
    const show = (): void => {
      timer = 0;
      setShown(states.all);
    };
    show();
    const end = states.subscribeAll(() => {
      timer ||= window.setTimeout(show, pause);
    });
    return () => {
      end();
      window.clearTimeout(timer);
    };
  }, [states, pause]);
  return shown;
}

/** The present moment, anew every second as long as `ticking`. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = React.useState(Date.now);
  React.useEffect(() => {
    if (!ticking) {
      return;
    }
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [ticking]);
  return now;
}
