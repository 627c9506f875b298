/**
 * A step in the drawing: a button with its name, its state in shape, colour and words, and its parts on demand.
 */
import { Handle, Position } from '@xyflow/react';
import * as React from 'react';

import { fansOut, neighbours, type IFoldedStep } from '../fold';
import { statusClass, StatusMark } from '../mark';
import type { IPartState, IStepState } from '../states';
import { progressText, stateWords, statusWord, timeText } from '../words';
import { useDrawing, useNow, useStepState, type IDrawing } from './context';

/** What React Flow hands to a node; it never changes while the graph stays the same. */
export interface IStepNodeProps {
  data: { step: IFoldedStep };
}

export const StepNode = React.memo(function StepNode({ data }: IStepNodeProps): JSX.Element {
  const drawing = useDrawing();
  const { step } = data;
  const state = useStepState(drawing.states, step.name);
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Step
        step={step}
        state={state}
        drawing={drawing}
        active={drawing.active === step.name}
        selected={
          drawing.selected === step.name || step.parts.some(part => part.key === drawing.selected)
        }
        open={drawing.open.has(step.name)}
      />
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
});

interface IStepProps {
  step: IFoldedStep;
  state: IStepState | undefined;
  drawing: IDrawing;
  active: boolean;
  selected: boolean;
  open: boolean;
}

const Step = React.memo(
  function Step({ step, state, drawing, active, selected, open }: IStepProps): JSX.Element {
    const { trans } = drawing;
    const now = useNow(state?.status === 'running');
    const status = state?.status ?? 'absent';
    const many = fansOut(step);
    const focus = active ? 0 : -1;
    return (
      <div
        className={`studio-Step ${statusClass(status)} ${selected ? 'studio-mod-selected' : ''}`}
      >
        <div className="studio-Step-head">
          <button
            className="studio-Step-main"
            type="button"
            tabIndex={focus}
            data-step={step.name}
            aria-label={describe(drawing, step, state, now)}
            aria-current={selected ? 'true' : undefined}
            title={state?.reason || undefined}
            onClick={() => drawing.select(step.name)}
          >
            <StatusMark status={status} />
            <span className="studio-Step-texts">
              <span className="studio-Step-name">{step.name}</span>
              <span className="studio-Step-state">
                {state
                  ? stateWords(trans, state, now).map(word => <span key={word}>{word}</span>)
                  : null}
              </span>
            </span>
          </button>
          {many ? (
            <button
              className="studio-Step-parts"
              type="button"
              tabIndex={focus}
              aria-expanded={open}
              aria-label={trans.__('Parts of %1', step.name)}
              title={open ? trans.__('Fold the parts') : trans.__('Unfold the parts')}
              onClick={() => drawing.toggle(step.name)}
            >
              ×{step.parts.length}
              <span className="studio-Step-caret" aria-hidden="true" />
            </button>
          ) : null}
        </div>
        {state?.status === 'running' && state.total > 0 ? (
          <div className="studio-Step-progress" aria-hidden="true">
            <div style={{ transform: `scaleX(${state.done / state.total})` }} />
          </div>
        ) : null}
        {many && open ? (
          <div
            className="studio-Step-list nowheel"
            role="group"
            aria-label={trans.__('Parts of %1', step.name)}
          >
            {step.parts.map(part => (
              <Part
                key={part.key}
                id={part.key}
                title={part.part}
                state={state?.parts.get(part.key)}
                drawing={drawing}
                selected={drawing.selected === part.key}
                focus={focus}
              />
            ))}
          </div>
        ) : null}
      </div>
    );
  },
  (before, after) =>
    before.step === after.step &&
    before.state === after.state &&
    before.active === after.active &&
    before.selected === after.selected &&
    before.open === after.open &&
    before.drawing.trans === after.drawing.trans &&
    // Only an open or selected step shows which of its parts is selected.
    (!after.open || before.drawing.selected === after.drawing.selected)
);

interface IPartProps {
  id: string;
  title: string;
  state: IPartState | undefined;
  drawing: IDrawing;
  selected: boolean;
  focus: number;
}

function Part({ id, title, state, drawing, selected, focus }: IPartProps): JSX.Element {
  const now = useNow(state?.status === 'running');
  const { trans } = drawing;
  const status = state?.status ?? 'absent';
  const word = statusWord(trans, status);
  const said = state
    ? [progressText(trans, state), timeText(trans, state, now)].filter(Boolean).join(' · ')
    : '';
  // Within a step there is room for the values alone; what they are of is said when it is asked for.
  const values = title.replace(/(^|,)[^=,]*=/g, '$1').replace(/,/g, ', ');
  return (
    <button
      className={`studio-Step-part ${selected ? 'studio-mod-selected' : ''}`}
      type="button"
      tabIndex={focus}
      data-part={id}
      aria-current={selected ? 'true' : undefined}
      aria-label={[title, word, said].filter(Boolean).join(', ')}
      title={[title, word, state?.reason].filter(Boolean).join(' · ')}
      onClick={() => drawing.select(id)}
    >
      <StatusMark status={status} />
      <span className="studio-Step-partName">{values}</span>
      <span className="studio-Step-partState">{said || word}</span>
    </button>
  );
}

/** What is heard of a step: its name, its state, and how it is connected. */
function describe(
  drawing: IDrawing,
  step: IFoldedStep,
  state: IStepState | undefined,
  now: number
): string {
  const { trans, graph } = drawing;
  const before = neighbours(graph, step.name, 'before');
  const after = neighbours(graph, step.name, 'after');
  return [
    step.name,
    fansOut(step) ? trans._n('%1 part', '%1 parts', step.parts.length) : '',
    ...(state ? stateWords(trans, state, now) : []),
    before.length ? trans.__('needs %1', before.join(', ')) : '',
    after.length ? trans.__('needed by %1', after.join(', ')) : ''
  ]
    .filter(Boolean)
    .join(', ');
}
