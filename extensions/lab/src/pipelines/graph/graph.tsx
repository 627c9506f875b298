/**
 * The graph of a pipeline: steps from left to right, live. It is loaded when the first pipeline is opened.
 *
 * Two hundred steps stay fluent because a state that changes draws one node anew and leaves the list of nodes alone,
 * and because only what is in sight stands in the page.
 */
import '@xyflow/react/dist/base.css';

import type { TranslationBundle } from '@jupyterlab/translation';
import {
  MarkerType,
  MiniMap,
  Panel,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  useStoreApi,
  type Edge,
  type MiniMapNodeProps,
  type Node
} from '@xyflow/react';
import * as React from 'react';

import { stepOf, type IFoldedGraph } from '../fold';
import { statusClass } from '../mark';
import type { StepStates } from '../states';
import { Drawing, useDrawing, useStepState, type IDrawing } from './context';
import { intoSight, isInSight, place, stepId, type ILayout, type IPlacedNode } from './layout';
import { ArrowEdge, DatasetNode } from './others';
import { StepNode } from './stepNode';
import { Tools } from './tools';
import { useWalking } from './walking';

export interface IPipelineGraphProps {
  trans: TranslationBundle;
  /** What the graph is called. */
  title: string;
  graph: IFoldedGraph;
  states: StepStates;
  /** The step (its name) or part (its key) whose details are shown. */
  selected: string;
  select: (step: string) => void;
}

const NODE_TYPES = { step: StepNode, dataset: DatasetNode };
const EDGE_TYPES = { arrow: ArrowEdge };
const MARKER = {
  type: MarkerType.ArrowClosed,
  width: 14,
  height: 14,
  color: 'var(--studio-arrow)'
};
/** Below this, a drawing that fits is too small to read: then it begins at its start. */
const READABLE = 0.55;

/** Below this nothing can be read any more: steps are their colours. */
const FAR = 0.4;

/** The drawing; what is live in it comes by `states`, so it is drawn anew for nothing else than another graph. */
const PipelineGraph = React.memo(function PipelineGraph(props: IPipelineGraphProps): JSX.Element {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  );
});

export default PipelineGraph;

function Graph(props: IPipelineGraphProps): JSX.Element {
  const { trans, graph, states, selected, select } = props;
  const [open, setOpen] = React.useState<ReadonlySet<string>>(new Set());
  const layout = React.useMemo(() => place(graph, open), [graph, open]);
  const nodes = React.useMemo(() => layout.nodes.map(node => toNode(graph, node)), [graph, layout]);
  const edges = React.useMemo(() => layout.arrows.map(toEdge), [layout]);
  const container = React.useRef<HTMLDivElement>(null);
  const toggle = React.useCallback(
    (step: string) =>
      setOpen(before => {
        const after = new Set(before);
        if (!after.delete(step)) {
          after.add(step);
        }
        return after;
      }),
    []
  );
  const { clipped, keep } = useFirstView(layout, open);
  const far = useStore(state => state.transform[2] < FAR);
  const walking = useWalking(container, graph, layout);
  useSteady(layout, open);
  useShown(layout, stepOf(graph, selected));
  const drawing: IDrawing = React.useMemo(
    () => ({ trans, graph, states, active: walking.active, selected, open, toggle, select }),
    [trans, graph, states, walking.active, selected, open, toggle, select]
  );
  return (
    <Drawing.Provider value={drawing}>
      <div
        className={`studio-Graph ${far ? 'studio-mod-far' : ''}`}
        ref={container}
        onKeyDown={walking.onKeyDown}
        onFocus={walking.onFocus}
      >
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          aria-label={trans.__('Graph of %1', props.title)}
          onMove={keep}
          onMoveEnd={walking.onMoveEnd}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          onlyRenderVisibleElements
          disableKeyboardA11y
          panOnScroll
          zoomOnDoubleClick={false}
          minZoom={0.08}
          maxZoom={1.5}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          panActivationKeyCode={null}
        >
          <Panel position="top-right">
            <Tools trans={trans} />
          </Panel>
          {clipped ? (
            <MiniMap
              pannable
              zoomable
              position="bottom-right"
              ariaLabel={trans.__('Overview of %1', props.title)}
              nodeComponent={OverviewNode}
            />
          ) : null}
        </ReactFlow>
      </div>
    </Drawing.Provider>
  );
}

/** A step in the overview. */
function OverviewNode(props: MiniMapNodeProps): JSX.Element {
  const { states } = useDrawing();
  const state = useStepState(states, props.id.slice(stepId('').length));
  return (
    <rect
      className={`studio-Overview-node ${statusClass(state?.status ?? 'absent')}`}
      x={props.x}
      y={props.y}
      width={props.width}
      height={props.height}
      rx={12}
    />
  );
}

function toNode(graph: IFoldedGraph, node: IPlacedNode): Node {
  const { id, kind, name, x, y, width, height } = node;
  // Places and sizes are known beforehand, so that what is out of sight need never be drawn to be measured.
  const at = { y: height / 2, width: 1, height: 1 };
  return {
    id,
    type: kind,
    position: { x, y },
    width,
    height,
    measured: { width, height },
    handles: [
      { type: 'target', position: Position.Left, x: 0, ...at },
      { type: 'source', position: Position.Right, x: width, ...at }
    ],
    data: kind === 'step' ? { step: graph.byName.get(name) } : { name },
    // React Flow would call each of them a node that can be moved with the keys.
    domAttributes: { 'aria-roledescription': undefined, 'aria-describedby': undefined }
  };
}

function toEdge(arrow: ILayout['arrows'][number]): Edge {
  return {
    id: arrow.id,
    type: 'arrow',
    source: arrow.from,
    target: arrow.to,
    data: arrow as unknown as Record<string, unknown>,
    markerEnd: MARKER,
    // What is connected is said by the steps themselves.
    domAttributes: { 'aria-hidden': true }
  };
}

/** Shows as much as can be read, anew when the room changes, until a person moves the drawing. */
function useFirstView(
  layout: ILayout,
  open: ReadonlySet<string>
): { clipped: boolean; keep: (event: unknown) => void } {
  const flow = useReactFlow();
  const width = useStore(state => state.width);
  const height = useStore(state => state.height);
  const moved = React.useRef(false);
  const [clipped, setClipped] = React.useState(false);
  React.useEffect(() => {
    if (width && height && !moved.current && open.size === 0) {
      const { clipped, ...view } = firstView(layout, width, height);
      setClipped(clipped);
      void flow.setViewport(view);
    }
  }, [layout, open, width, height, flow]);
  const keep = React.useCallback((event: unknown) => {
    moved.current ||= Boolean(event); // without an event it was moved by the program
  }, []);
  return { clipped, keep };
}

/** All of it where that can be read, else its beginning: then an overview helps. */
function firstView(
  layout: ILayout,
  width: number,
  height: number
): { x: number; y: number; zoom: number; clipped: boolean } {
  const right = Math.max(1, ...layout.nodes.map(node => node.x + node.width));
  const bottom = Math.max(1, ...layout.nodes.map(node => node.y + node.height));
  const fitting = Math.min((width - 32) / right, (height - 32) / bottom, 1);
  if (fitting >= READABLE) {
    const [x, y] = [(width - right * fitting) / 2, (height - bottom * fitting) / 2];
    return { x, y, zoom: fitting, clipped: false };
  }
  const zoom = Math.max(READABLE, Math.min(0.85, (height - 32) / bottom));
  const first = layout.nodes.reduce((left, node) => (node.x < left.x ? node : left));
  const wanted = height / 2 - (first.y + first.height / 2) * zoom;
  const y = bottom * zoom < height ? (height - bottom * zoom) / 2 : wanted;
  return { x: 16, y, zoom, clipped: true };
}

/** A step that is unfolded or folded stays where it is seen; the others make room. */
function useSteady(layout: ILayout, open: ReadonlySet<string>): void {
  const flow = useReactFlow();
  const before = React.useRef({ layout, open });
  React.useLayoutEffect(() => {
    const last = before.current;
    before.current = { layout, open };
    const [step] = [...open, ...last.open].filter(name => open.has(name) !== last.open.has(name));
    const from = last.layout.nodes.find(node => node.id === stepId(step));
    const to = layout.nodes.find(node => node.id === stepId(step));
    if (from && to) {
      const { x, y, zoom } = flow.getViewport();
      void flow.setViewport({ x: x + (from.x - to.x) * zoom, y: y + (from.y - to.y) * zoom, zoom });
    }
  }, [layout, open, flow]);
}

/** A step that is chosen elsewhere comes into sight, and stays there when its details take room. */
function useShown(layout: ILayout, step: string): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  const width = useStore(state => state.width);
  React.useEffect(() => {
    const node = layout.nodes.find(one => one.id === stepId(step));
    const { height, transform } = store.getState();
    if (node && width && !isInSight(node, transform, width, height)) {
      void flow.setViewport(intoSight(node, transform, width, height));
    }
    // The place counts when the step is chosen, not when the drawing changes around it.
  }, [step, width]);
}
