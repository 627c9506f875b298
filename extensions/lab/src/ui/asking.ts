/**
 * Asking the server from a component: the old answer stays until the new one is there, late answers are left out.
 */
import * as React from 'react';

import { StudioFault } from '../fault';
import type { IStudio } from '../tokens';

export interface IAsking<T> {
  /** The latest answer; undefined before the first. */
  readonly value: T | undefined;
  /** Why the latest asking failed; null where it did not. */
  readonly fault: StudioFault | null;
  /** Whether an answer is awaited. */
  readonly busy: boolean;
  again(): void;
}

export interface IAskingOptions {
  /** Ask anew when `key` changes; the answer to another key is not shown. */
  key?: string | number;
  /** Ask anew with all other panels. */
  studio?: IStudio;
  /** False while nobody sees it: then it asks when it is seen again. */
  visible?: boolean;
}

interface IState<T> {
  key: string | number;
  value: T | undefined;
  fault: StudioFault | null;
  busy: boolean;
}

/** The answer to `ask`. */
export function useAsking<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  options: IAskingOptions = {}
): IAsking<T> {
  const { key = '', studio, visible = true } = options;
  const [state, setState] = React.useState<IState<T>>({
    key,
    value: undefined,
    fault: null,
    busy: true
  });
  const [turn, setTurn] = React.useState(0);
  const asked = React.useRef(ask);
  asked.current = ask;
  const again = React.useCallback(() => setTurn(old => old + 1), []);

  React.useEffect(() => {
    if (!visible) {
      return;
    }
    const stop = new AbortController();
    const tell = (told: Partial<IState<T>>): void => {
      if (!stop.signal.aborted) {
        setState(old => ({
          ...(old.key === key ? old : { value: undefined, fault: null }),
          key,
          busy: false,
          ...told
        }));
      }
    };
    tell({ busy: true });
    asked.current(stop.signal).then(
      value => tell({ value, fault: null }),
      reason => tell({ fault: StudioFault.of(reason) })
    );
    return () => stop.abort();
  }, [key, turn, visible]);

  React.useEffect(() => {
    studio?.refreshed.connect(again);
    return () => {
      studio?.refreshed.disconnect(again);
    };
  }, [studio, again]);

  const current = state.key === key;
  return {
    value: current ? state.value : undefined,
    fault: current ? state.fault : null,
    busy: current ? state.busy : true,
    again
  };
}

/** Something that a button does: at most once at a time; what went wrong stays until the next attempt. */
export function useDoing(): {
  busy: boolean;
  fault: StudioFault | null;
  run: (action: () => Promise<unknown>) => Promise<boolean>;
  forget: () => void;
} {
  const [state, setState] = React.useState<{ busy: boolean; fault: StudioFault | null }>({
    busy: false,
    fault: null
  });
  const mounted = React.useRef(true);
  const underway = React.useRef(false);
  React.useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const run = React.useCallback(async (action: () => Promise<unknown>): Promise<boolean> => {
    if (underway.current) {
      return false;
    }
    underway.current = true;
    setState({ busy: true, fault: null });
    let fault: StudioFault | null = null;
    try {
      await action();
    } catch (reason) {
      fault = StudioFault.of(reason);
    }
    underway.current = false;
    if (mounted.current) {
      setState({ busy: false, fault });
    }
    return fault === null;
  }, []);
  const forget = React.useCallback(() => setState(old => ({ ...old, fault: null })), []);
  return { ...state, run, forget };
}
