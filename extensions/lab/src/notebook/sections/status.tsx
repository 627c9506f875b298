/**
 * Whether the notebook is approved as its file is now, what ended that, and the way to a review.
 */
import * as React from 'react';

import type { NotebookState, State } from '../../api';
import { Fault } from '../../ui';
import { CellLink } from '../place';
import { Progress } from '../progress';
import type { ISectionContent } from '../content';

/** The section "Status". */
export function StatusSection(props: ISectionContent): JSX.Element {
  const { model, state, trans, links } = props;
  const approval = state.state;
  const { add } = links;
  const course = model.course('submit');
  const waits = approval?.status === 'submitted';
  const underway = course !== null && !course.ended;
  return (
    <>
      {approval ? <Approval {...props} approval={approval} /> : null}
      {state.pipelines.length > 0 ? (
        <p className="studio-Line">
          {trans.__('Step of')}{' '}
          {state.pipelines.map((name, index) => (
            <React.Fragment key={name}>
              {index > 0 ? ', ' : ''}
              <button type="button" className="studio-Link" onClick={() => links.pipeline(name)}>
                {name}
              </button>
            </React.Fragment>
          ))}
        </p>
      ) : add ? (
        <p className="studio-Line studio-mod-quiet">
          {trans.__('It is no step of a pipeline.')}{' '}
          <button type="button" className="studio-Link" onClick={() => add(model.notebook.path)}>
            {trans.__('Make it one')}
          </button>
        </p>
      ) : null}
      {props.doing.fault ? <Fault fault={props.doing.fault} trans={trans} /> : null}
      {course ? (
        <Progress
          course={course}
          title={trans.__('Submission')}
          trans={trans}
          stop={() => void props.doing.run(() => model.stop('submit'))}
          forget={() => model.forget('submit')}
        />
      ) : null}
      <div className="studio-Buttons">
        <button
          type="button"
          className={`studio-Button ${waits ? '' : 'studio-mod-main'}`}
          disabled={underway || props.doing.busy}
          onClick={() => void props.doing.run(props.submit)}
        >
          {waits ? trans.__('Submit again…') : trans.__('Submit for review…')}
        </button>
        {approval?.submission ? (
          <button
            type="button"
            className={`studio-Button ${waits ? 'studio-mod-main' : ''}`}
            onClick={() => links.review(approval.submission)}
          >
            {waits ? trans.__('Open the review') : trans.__('Open the latest review')}
          </button>
        ) : null}
      </div>
    </>
  );
}

function Approval(props: ISectionContent & { approval: State }): JSX.Element {
  const { model, state, trans, approval } = props;
  const sentence = sentenceOf(approval, props);
  return (
    <>
      {sentence ? <p className="studio-Line">{sentence}</p> : null}
      {approval.changed_cells.length > 0 ? (
        <p className="studio-Line">
          {trans.__('Changed since:')}{' '}
          {approval.changed_cells.map((id, index) => (
            <React.Fragment key={id}>
              {index > 0 ? ', ' : ''}
              <CellLink model={model} trans={trans} place={{ id, number: numberOf(id, state) }} />
            </React.Fragment>
          ))}
        </p>
      ) : null}
      {approval.changed_cells.length === 0 && approval.changes.length > 0 ? (
        <Sentences of={approval.changes} title={trans.__('What changed')} />
      ) : null}
      <Sentences of={approval.reasons} title={trans.__('Reasons')} />
      <Sentences of={approval.notes} title={trans.__('Notes')} />
      {approval.next ? (
        <p className="studio-Line studio-mod-quiet">{trans.__('Next: %1', approval.next)}</p>
      ) : null}
    </>
  );
}

function Sentences(props: { of: readonly string[]; title: string }): JSX.Element | null {
  return props.of.length === 0 ? null : (
    <ul className="studio-Sentences" aria-label={props.title}>
      {props.of.map((sentence, index) => (
        <li key={index}>{sentence}</li>
      ))}
    </ul>
  );
}

/** What the server leaves to be said: for every other state it gives reasons. */
function sentenceOf(approval: State, props: ISectionContent): string {
  const { trans } = props;
  const who = approval.approvers.join(', ');
  if (approval.status !== 'approved') {
    return '';
  }
  return who
    ? trans.__('Approved by %1, exactly as the file is now.', who)
    : trans.__('Approved, exactly as the file is now.');
}

function numberOf(id: string, state: NotebookState): number {
  return state.cells.find(cell => cell.id === id)?.number ?? 0;
}
