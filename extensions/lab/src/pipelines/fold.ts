/**
 * A pipeline as a drawing sees it: all parts of a fan-out are one step, datasets lie on the arrows.
 */
import type { Pipeline, Step } from '../api';

/** All parts of one step. */
export interface IFoldedStep {
  name: string;
  /** Its parts in the plan's order; one, with an empty `part`, without fan-out. */
  parts: Step[];
  /** Datasets that it loads and no step saves. */
  sources: string[];
  /** Datasets that it saves and no step loads. */
  results: string[];
}

/** One arrow from a step to a step. */
export interface IArrow {
  id: string;
  from: string;
  to: string;
  /** What the first saves and the second loads; empty where it only has to come first. */
  datasets: string[];
}

/** The whole drawing without places. */
export interface IFoldedGraph {
  steps: IFoldedStep[];
  arrows: IArrow[];
  /** The steps by name. */
  byName: ReadonlyMap<string, IFoldedStep>;
}

/** Whether a step fans out. */
export function fansOut(step: IFoldedStep): boolean {
  return step.parts[0].part !== '';
}

/** The drawing of a pipeline. */
export function fold(pipeline: Pick<Pipeline, 'steps'>): IFoldedGraph {
  const parts = new Map<string, Step[]>();
  for (const step of pipeline.steps) {
    const found = parts.get(step.name);
    if (found) {
      found.push(step);
    } else {
      parts.set(step.name, [step]);
    }
  }
  const saved = new Set(pipeline.steps.flatMap(step => step.saves));
  const loaded = new Set(pipeline.steps.flatMap(step => step.loads));
  const steps: IFoldedStep[] = [];
  const arrows: IArrow[] = [];
  for (const [name, found] of parts) {
    const first = found[0];
    steps.push({
      name,
      parts: found,
      sources: first.loads.filter(dataset => !saved.has(dataset)),
      results: first.saves.filter(dataset => !loaded.has(dataset))
    });
    for (const need of first.needs) {
      const saves = new Set(parts.get(need)?.[0].saves);
      const datasets = first.loads.filter(dataset => saves.has(dataset));
      arrows.push({ id: `${need} → ${name}`, from: need, to: name, datasets });
    }
  }
  return { steps, arrows, byName: new Map(steps.map(step => [step.name, step])) };
}

/** The names of the steps that a step needs, or that need it. */
export function neighbours(graph: IFoldedGraph, name: string, way: 'before' | 'after'): string[] {
  return way === 'before'
    ? graph.arrows.filter(arrow => arrow.to === name).map(arrow => arrow.from)
    : graph.arrows.filter(arrow => arrow.from === name).map(arrow => arrow.to);
}

/** The name of the step that `key` is a part of, or itself; empty where there is none. */
export function stepOf(graph: IFoldedGraph, key: string): string {
  if (graph.byName.has(key)) {
    return key;
  }
  return graph.steps.find(step => step.parts.some(part => part.key === key))?.name ?? '';
}
