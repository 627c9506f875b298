/**
 * Where the steps stand: from left to right in the order of their data, with room for the names of datasets.
 */
import { Graph, layout } from '@dagrejs/dagre';

import { fansOut, type IFoldedGraph, type IFoldedStep } from '../fold';

/** Sizes in pixels at a zoom of 1; style/pipelines.css draws within them. */
export const WIDTH = 184;
export const HEIGHT = 68;
export const PART_HEIGHT = 26;
export const SHOWN_PARTS = 8;
const LABEL_HEIGHT = 18;
const LETTER = 6.4;
const LONGEST = 26;
/** From so many steps on the shortest arrows are not worth the time that it takes to find them. */
const MANY = 60;

export interface IPoint {
  x: number;
  y: number;
}

/** A step or a dataset from outside or for others, and its place. */
export interface IPlacedNode {
  id: string;
  kind: 'step' | 'dataset';
  /** The step's or the dataset's name. */
  name: string;
  /** The upper left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An arrow, and the points that it goes through. */
export interface IPlacedArrow {
  id: string;
  from: string;
  to: string;
  datasets: string[];
  /** Whether it only says which step comes first. */
  order: boolean;
  points: IPoint[];
  label: IPoint;
}

export interface ILayout {
  nodes: IPlacedNode[];
  arrows: IPlacedArrow[];
}

/** The text on an arrow: its datasets, in short where they are many. */
export function label(datasets: readonly string[]): string {
  const [first = '', ...others] = datasets;
  const text = first.length > LONGEST ? first.slice(0, LONGEST - 1) + '…' : first;
  return others.length ? `${text} +${others.length}` : text;
}

/** The identifier of a step's node. */
export const stepId = (name: string): string => `step ${name}`;

/** How high a step is drawn. */
export function heightOf(step: IFoldedStep, open: boolean): number {
  return open && fansOut(step)
    ? HEIGHT + Math.min(step.parts.length, SHOWN_PARTS) * PART_HEIGHT + 8
    : HEIGHT;
}

/** Place all steps; those in `open` show their parts. */
export function place(graph: IFoldedGraph, open: ReadonlySet<string>): ILayout {
  const drawn = new Graph();
  drawn.setGraph({
    rankdir: 'LR',
    nodesep: 22,
    ranksep: 20,
    edgesep: 12,
    marginx: 8,
    marginy: 8,
    ranker: graph.steps.length > MANY ? 'tight-tree' : 'network-simplex'
  });
  const kinds = new Map<string, { kind: 'step' | 'dataset'; name: string }>();
  const named = new Map<string, string[]>();
  const connect = (from: string, to: string, datasets: string[]) => {
    const width = datasets.length ? label(datasets).length * LETTER + 12 : 1;
    drawn.setEdge(from, to, {
      width,
      height: datasets.length ? LABEL_HEIGHT : 1,
      labelpos: 'c',
      minlen: 1
    });
    named.set(`${from}\n${to}`, datasets);
  };
  for (const step of graph.steps) {
    kinds.set(stepId(step.name), { kind: 'step', name: step.name });
    drawn.setNode(stepId(step.name), { width: WIDTH, height: heightOf(step, open.has(step.name)) });
  }
  for (const arrow of graph.arrows) {
    connect(stepId(arrow.from), stepId(arrow.to), arrow.datasets);
  }
  for (const step of graph.steps) {
    for (const [names, way] of [
      [step.sources, 'in'],
      [step.results, 'out']
    ] as const) {
      for (const name of names) {
        const id = `dataset ${name}`;
        kinds.set(id, { kind: 'dataset', name });
        drawn.setNode(id, { width: Math.min(name.length, LONGEST) * LETTER + 40, height: 28 });
        connect(
          ...(way === 'in'
            ? ([id, stepId(step.name)] as const)
            : ([stepId(step.name), id] as const)),
          []
        );
      }
    }
  }
  layout(drawn);
  const nodes = drawn.nodes().map(id => {
    const { x, y, width, height } = drawn.node(id) as Box;
    const found = kinds.get(id) as { kind: 'step' | 'dataset'; name: string };
    return { id, ...found, x: x - width / 2, y: y - height / 2, width, height };
  });
  const byId = new Map(nodes.map(node => [node.id, node]));
  const arrows = drawn.edges().map(({ v, w }) => {
    const edge = drawn.edge(v, w) as Box & { points: IPoint[] };
    const datasets = named.get(`${v}\n${w}`) ?? [];
    const between = edge.points.slice(1, -1);
    const from = byId.get(v) as IPlacedNode;
    const to = byId.get(w) as IPlacedNode;
    // All arrows leave a step in the middle of its right side, and come in on its left.
    const first = { x: from.x + from.width, y: from.y + from.height / 2 };
    const last = { x: to.x, y: to.y + to.height / 2 };
    return {
      id: `${v} → ${w}`,
      from: v,
      to: w,
      datasets,
      order: from.kind === to.kind && datasets.length === 0,
      points: [first, ...(datasets.length ? levelled(between, edge) : between), last],
      label: { x: edge.x, y: edge.y }
    };
  });
  return { nodes, arrows };
}

/** The points with the one at the label drawn out, so that the line runs level below all of the text. */
function levelled(points: IPoint[], edge: Box): IPoint[] {
  return points.flatMap(point =>
    Math.abs(point.x - edge.x) < 1 && Math.abs(point.y - edge.y) < 1
      ? [
          { x: edge.x - edge.width / 2, y: edge.y },
          { x: edge.x + edge.width / 2, y: edge.y }
        ]
      : [point]
  );
}

type Box = { x: number; y: number; width: number; height: number };

/** How a drawing is moved and scaled. */
export type Transform = readonly [x: number, y: number, zoom: number];

/** Whether all of a node can be seen through a window of this size. */
export function isInSight(
  node: IPlacedNode,
  [x, y, zoom]: Transform,
  width: number,
  height: number
): boolean {
  const left = node.x * zoom + x;
  const top = node.y * zoom + y;
  return (
    left >= 0 && top >= 0 && left + node.width * zoom <= width && top + node.height * zoom <= height
  );
}

const MARGIN = 28;

/** The shortest way to move a drawing so that all of a node can be seen. */
export function intoSight(
  node: IPlacedNode,
  [x, y, zoom]: Transform,
  width: number,
  height: number
): { x: number; y: number; zoom: number } {
  return {
    x: x + shift(node.x * zoom + x, node.width * zoom, width),
    y: y + shift(node.y * zoom + y, node.height * zoom, height),
    zoom
  };
}

/** By how much something that begins at `start` has to be moved to lie within 0 and `room`. */
function shift(start: number, size: number, room: number): number {
  if (start < MARGIN) {
    return MARGIN - start;
  }
  return Math.min(0, Math.max(room - MARGIN - (start + size), MARGIN - start));
}
