/**
 * Which step the keys lead to: along the arrows to the left and right, among those that stand together up and down.
 */
import { neighbours, type IFoldedGraph } from '../fold';
import type { IPlacedNode } from './layout';

export type Key = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End';

const KEYS: readonly string[] = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];

/** Whether a key leads somewhere. */
export function isKey(key: string): key is Key {
  return KEYS.includes(key);
}

/** The step that `key` leads to from `name`; undefined where it leads nowhere. */
export function walk(
  graph: IFoldedGraph,
  places: readonly IPlacedNode[],
  name: string,
  key: Key
): string | undefined {
  const steps = places.filter(node => node.kind === 'step');
  const here = steps.find(node => node.name === name);
  if (key === 'Home' || key === 'End') {
    return graph.steps.at(key === 'Home' ? 0 : -1)?.name;
  }
  if (!here) {
    return undefined;
  }
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const connected = new Set(neighbours(graph, name, key === 'ArrowLeft' ? 'before' : 'after'));
    return nearest(
      steps.filter(node => connected.has(node.name)),
      node =>
        Math.abs(middle(node).y - middle(here).y) + Math.abs(middle(node).x - middle(here).x) / 4
    );
  }
  const sign = key === 'ArrowUp' ? -1 : 1;
  return nearest(
    steps.filter(
      node =>
        (middle(node).y - middle(here).y) * sign > 1 &&
        node.x < here.x + here.width &&
        here.x < node.x + node.width
    ),
    node => Math.abs(middle(node).y - middle(here).y)
  );
}

function middle(node: IPlacedNode): { x: number; y: number } {
  return { x: node.x + node.width / 2, y: node.y + node.height / 2 };
}

function nearest(
  nodes: IPlacedNode[],
  distance: (node: IPlacedNode) => number
): string | undefined {
  let best: IPlacedNode | undefined;
  for (const node of nodes) {
    if (!best || distance(node) < distance(best)) {
      best = node;
    }
  }
  return best?.name;
}
