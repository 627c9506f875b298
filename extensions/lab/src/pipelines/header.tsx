/**
 * The head of an open pipeline: what it is, whether its file is approved, when it runs by itself.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Pipeline } from '../api';
import { exactly, StatusBadge } from '../ui';
import type { IActions } from './actions';

export interface IPipelineHeaderProps {
  trans: TranslationBundle;
  name: string;
  pipeline: Pipeline | null;
  actions: IActions;
  /** Whether the steps are shown as a list instead of a graph. */
  listed: boolean;
  setListed: (listed: boolean) => void;
  /** Whether the runs are shown. */
  runsShown: boolean;
  setRunsShown: (shown: boolean) => void;
}

/** The head. */
export function PipelineHeader(props: IPipelineHeaderProps): JSX.Element {
  const { trans, pipeline, actions } = props;
  const path = pipeline?.path;
  return (
    <header className="studio-PipelineHeader">
      <div className="studio-PipelineHeader-title">
        <h2>{props.name}</h2>
        {pipeline?.state ? (
          <StatusBadge
            status={pipeline.state}
            trans={trans}
            title={trans.__('The approval of its file')}
          />
        ) : null}
        <Schedule trans={trans} pipeline={pipeline} />
      </div>
      {pipeline?.description ? (
        <p className="studio-PipelineHeader-description" title={pipeline.description}>
          {pipeline.description}
        </p>
      ) : null}
      <div className="studio-PipelineHeader-buttons">
        <Toggle on={props.runsShown} set={props.setRunsShown} text={trans.__('Runs')} />
        <Toggle on={props.listed} set={props.setListed} text={trans.__('Steps as a list')} />
        {path ? (
          <button type="button" className="studio-Button" onClick={() => actions.openFile(path)}>
            {trans.__('Open file')}
          </button>
        ) : null}
      </div>
    </header>
  );
}

function Toggle(props: { on: boolean; set: (on: boolean) => void; text: string }): JSX.Element {
  return (
    <button
      type="button"
      className="studio-Button studio-Toggle"
      aria-pressed={props.on}
      onClick={() => props.set(!props.on)}
    >
      {props.text}
    </button>
  );
}

/** When it runs by itself, under `studio scheduler`. */
function Schedule(props: {
  trans: TranslationBundle;
  pipeline: Pipeline | null;
}): JSX.Element | null {
  const { trans } = props;
  const schedule = props.pipeline?.schedule;
  if (!schedule) {
    return null;
  }
  const when = `${schedule.cron} (${schedule.timezone})`;
  const title = [
    schedule.up
      ? trans.__('In the environment %1', schedule.environment)
      : trans.__(
          'No scheduler is running here, so it does not start by itself. Next: studio scheduler'
        ),
    schedule.last ? trans.__('Latest time: %1', schedule.last) : ''
  ];
  return (
    <span className="studio-PipelineHeader-schedule" title={title.filter(Boolean).join('\n')}>
      {!schedule.up
        ? trans.__('Scheduled: %1, but no scheduler is running', when)
        : schedule.next
          ? trans.__('Scheduled: %1, next at %2', when, exactly(schedule.next, trans))
          : trans.__('Scheduled: %1', when)}
    </span>
  );
}
