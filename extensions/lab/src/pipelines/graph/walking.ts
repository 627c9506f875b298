/**
 * The keys in a drawing: one step is reached by Tab, the arrow keys lead on from there, and what they lead to is
 * brought into sight before it has the focus.
 */
import { useReactFlow, useStoreApi } from '@xyflow/react';
import * as React from 'react';

import type { IFoldedGraph } from '../fold';
import { intoSight, isInSight, stepId, type ILayout } from './layout';
import { isKey, walk } from './walk';

export interface IWalking {
  /** The step that the Tab key leads to. */
  active: string;
  onKeyDown: (event: React.KeyboardEvent) => void;
  onFocus: (event: React.FocusEvent) => void;
  onMoveEnd: () => void;
}

/** Frames to wait for a step to be drawn. */
const PATIENCE = 20;

export function useWalking(
  container: React.RefObject<HTMLElement>,
  graph: IFoldedGraph,
  layout: ILayout
): IWalking {
  const flow = useReactFlow();
  const store = useStoreApi();
  const [chosen, setActive] = React.useState('');
  const active = graph.byName.has(chosen) ? chosen : (graph.steps[0]?.name ?? '');

  const focus = (name: string): void => {
    const node = layout.nodes.find(one => one.id === stepId(name));
    const { width, height, transform } = store.getState();
    if (!node) {
      return;
    }
    setActive(name);
    if (!isInSight(node, transform, width, height)) {
      void flow.setViewport(intoSight(node, transform, width, height));
    }
    focusWhenDrawn(container, name, PATIENCE);
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const target = event.target as HTMLElement;
    if (event.key === '+' || event.key === '-' || event.key === '0') {
      event.preventDefault();
      void (event.key === '+'
        ? flow.zoomIn()
        : event.key === '-'
          ? flow.zoomOut()
          : flow.fitView());
      return;
    }
    if (!isKey(event.key)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // Lumino and React Flow have keys of their own
    const inside = amongParts(target, event.key);
    if (inside) {
      inside.focus({ preventScroll: false });
      return;
    }
    const here = target.closest('.react-flow__node')?.querySelector<HTMLElement>('[data-step]');
    const next = walk(graph, layout.nodes, here?.dataset.step ?? active, event.key);
    if (next !== undefined) {
      focus(next);
    }
  };

  const onFocus = (event: React.FocusEvent): void => {
    const step = (event.target as HTMLElement)
      .closest('.react-flow__node')
      ?.querySelector<HTMLElement>('[data-step]')?.dataset.step;
    if (step !== undefined) {
      setActive(step);
    }
  };

  const onMoveEnd = (): void => {
    // Tab must lead to something that can be seen.
    const { width, height, transform } = store.getState();
    const seen = layout.nodes.filter(
      node => node.kind === 'step' && isInSight(node, transform, width, height)
    );
    if (seen.length && !seen.some(node => node.name === active) && !hasFocus(container)) {
      setActive(seen[0].name);
    }
  };

  // React Flow takes a handler that is another function for news, so these stay the same.
  const latest = React.useRef({ onKeyDown, onFocus, onMoveEnd });
  latest.current = { onKeyDown, onFocus, onMoveEnd };
  const [lasting] = React.useState({
    onKeyDown: (event: React.KeyboardEvent) => latest.current.onKeyDown(event),
    onFocus: (event: React.FocusEvent) => latest.current.onFocus(event),
    onMoveEnd: () => latest.current.onMoveEnd()
  });
  return { active, ...lasting };
}

/** The part above or below within an unfolded step. */
function amongParts(target: HTMLElement, key: string): HTMLElement | undefined {
  const all = [
    ...(target.closest('.studio-Step')?.querySelectorAll<HTMLElement>('[data-step], [data-part]') ??
      [])
  ];
  const index = all.indexOf(target);
  if (index < 0 || (key !== 'ArrowDown' && key !== 'ArrowUp')) {
    return undefined;
  }
  return all[key === 'ArrowDown' ? index + 1 : index - 1];
}

function hasFocus(container: React.RefObject<HTMLElement>): boolean {
  return Boolean(container.current?.contains(document.activeElement));
}

function focusWhenDrawn(
  container: React.RefObject<HTMLElement>,
  name: string,
  patience: number
): void {
  const button = container.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(name)}"]`);
  if (button) {
    button.focus({ preventScroll: true });
  } else if (patience > 0) {
    requestAnimationFrame(() => focusWhenDrawn(container, name, patience - 1));
  }
}
