/**
 * The steps as a list: the same as the graph for who prefers it, and all that can be shown where no graph can be drawn.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Run } from '../api';
import { VirtualList } from '../ui';
import type { IFoldedGraph } from './fold';
import { useAllStates, useNow } from './graph/context';
import { StatusMark } from './mark';
import { ABSENT, recorded, type IPartState, type StepStates } from './states';
import { progressText, statusWord, timeText } from './words';

const ROW = 44;
const PAUSE = 250;

export interface IStepListProps {
  trans: TranslationBundle;
  graph: IFoldedGraph;
  states: StepStates;
  run: Run | null;
  selected: string;
  select: (step: string) => void;
}

interface ILine {
  key: string;
  notebook: string;
  state: IPartState;
}

/** The list. */
export function StepList(props: IStepListProps): JSX.Element {
  const { trans, graph, states, run, selected, select } = props;
  const all = useAllStates(states, PAUSE);
  const lines = React.useMemo(() => linesOf(graph, all, run), [graph, all, run]);
  const now = useNow(lines.some(line => line.state.status === 'running'));
  return (
    <div className="studio-StepList">
      <VirtualList
        label={trans.__('Steps')}
        items={lines}
        rowHeight={ROW}
        keyOf={line => line.key}
        render={({ key, notebook, state }) => (
          <button
            type="button"
            className={`studio-StepList-row ${key === selected ? 'studio-mod-selected' : ''}`}
            aria-current={key === selected ? 'true' : undefined}
            onClick={() => select(key)}
          >
            <StatusMark status={state.status} />
            <span className="studio-StepList-name" title={notebook}>
              {key}
            </span>
            <span className="studio-StepList-state">
              {[
                statusWord(trans, state.status),
                progressText(trans, state),
                timeText(trans, state, now)
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
            <span className="studio-StepList-why" title={state.reason}>
              {state.reason}
            </span>
          </button>
        )}
      />
    </div>
  );
}

/** All parts of the plan, and then those that only the run knows. */
function linesOf(
  graph: IFoldedGraph,
  states: ReadonlyMap<string, { parts: ReadonlyMap<string, IPartState> }>,
  run: Run | null
): ILine[] {
  const planned = graph.steps.flatMap(step =>
    step.parts.map(part => ({
      key: part.key,
      notebook: part.notebook,
      state: states.get(step.name)?.parts.get(part.key) ?? ABSENT
    }))
  );
  const known = new Set(planned.map(line => line.key));
  const others = (run?.steps ?? []).filter(step => !known.has(step.key));
  return [
    ...planned,
    ...others.map(step => ({ key: step.key, notebook: step.notebook, state: recorded(step) }))
  ];
}
