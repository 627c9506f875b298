/**
 * An open pipeline: its runs on the left, its graph, and beside it whatever was chosen.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { StartRun } from '../api';
import { Busy, Empty, ErrorBoundary, Fault } from '../ui';
import type { IActions } from './actions';
import { Broken } from './broken';
import { Comparison } from './comparison';
import { PipelineHeader } from './header';
import type { PipelineModel } from './model';
import { Notice } from './notice';
import { RunBar } from './runBar';
import { RunFacts } from './runFacts';
import { RunForm } from './runForm';
import { RunList } from './runList';
import { useChanging } from './snapshot';
import type { ISnapshot } from './shown';
import { StepDetails } from './stepDetails';
import { StepList } from './stepList';

/** React Flow and the layout are asked for when the first graph is shown. */
const PipelineGraph = React.lazy(() => import('./graph/graph'));

export interface IPipelineViewProps {
  trans: TranslationBundle;
  model: PipelineModel;
  actions: IActions;
}

/** The pipeline. */
export function PipelineView({ trans, model, actions }: IPipelineViewProps): JSX.Element {
  const shown = useChanging(model, () => model.snapshot);
  const runs = useChanging(model.runs, () => model.runs.state);
  const [listed, setListed] = React.useState(false);
  const [runsShown, setRunsShown] = React.useState(true);
  const select = React.useCallback((step: string) => model.select(step), [model]);
  const choose = React.useCallback((run: string) => model.choose(run), [model]);
  const compare = React.useCallback(
    (one: string, other: string) => model.compare(one, other),
    [model]
  );
  const close = (): void => model.open('nothing');
  return (
    <div
      className="studio-Pipeline"
      onKeyDown={event => {
        if (event.key === 'Escape' && shown.beside !== 'nothing') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <PipelineHeader
        trans={trans}
        name={model.name}
        pipeline={shown.pipeline}
        actions={actions}
        listed={listed}
        setListed={setListed}
        runsShown={runsShown}
        setRunsShown={setRunsShown}
      />
      <RunBar
        trans={trans}
        shown={shown}
        total={runs.total}
        run={() => model.open('form')}
        stop={() => void model.stop()}
        resume={() => void model.resume()}
        select={select}
        openRun={() => model.open('run')}
        choose={choose}
      />
      <Notices trans={trans} model={model} shown={shown} actions={actions} />
      <div className="studio-Pipeline-body">
        {runsShown ? (
          <ErrorBoundary trans={trans} title={trans.__('The list of runs')}>
            <RunList
              trans={trans}
              runs={model.runs}
              chosen={shown.chosen}
              choose={choose}
              compare={compare}
            />
          </ErrorBoundary>
        ) : null}
        <ErrorBoundary trans={trans} title={trans.__('The graph')} subject={shown.graph}>
          <Middle trans={trans} model={model} shown={shown} listed={listed} select={select} />
        </ErrorBoundary>
        <ErrorBoundary
          trans={trans}
          title={trans.__('What stands beside the graph')}
          subject={shown.beside}
        >
          <Beside trans={trans} model={model} shown={shown} actions={actions} close={close} />
        </ErrorBoundary>
      </div>
    </div>
  );
}

/** What went wrong, above everything else; what can be shown stays. */
function Notices(props: {
  trans: TranslationBundle;
  model: PipelineModel;
  shown: ISnapshot;
  actions: IActions;
}): JSX.Element | null {
  const { trans, model, shown, actions } = props;
  const { fault, runFault, pipeline, run } = shown;
  // How a run failed stands in its own record, at the step.
  const known = run?.run === shown.noticed && (run.status === 'failed' || run.status === 'killed');
  const notice = known ? null : shown.notice;
  return (
    <div className="studio-Pipeline-notices">
      {notice ? <Notice trans={trans} fault={notice} dismiss={() => model.dismiss()} /> : null}
      <Fault
        fault={fault}
        trans={trans}
        title={trans.__('The pipeline cannot be shown as it is now.')}
        again={() => void model.load()}
      />
      {pipeline?.problem ? (
        <Broken
          trans={trans}
          pipeline={pipeline}
          actions={actions}
          again={() => void model.load()}
        />
      ) : null}
      <Fault
        fault={runFault}
        trans={trans}
        title={trans.__('The run cannot be shown.')}
        again={() => model.choose(shown.chosen)}
      />
    </div>
  );
}

function Middle(props: {
  trans: TranslationBundle;
  model: PipelineModel;
  shown: ISnapshot;
  listed: boolean;
  select: (step: string) => void;
}): JSX.Element {
  const { trans, model, shown, listed, select } = props;
  const { graph, pipeline, run, compared, beside } = shown;
  if (beside === 'comparison' && compared) {
    return (
      <div className="studio-Pipeline-middle">
        <Comparison
          trans={trans}
          client={model.studio.client}
          left={compared[0]}
          right={compared[1]}
          close={() => model.open('nothing')}
        />
      </div>
    );
  }
  const none = graph.steps.length === 0;
  if (none && !run?.steps.length) {
    return (
      <div className="studio-Pipeline-middle">
        {shown.waiting ? (
          <Busy text={trans.__('The plan is made…')} />
        ) : pipeline?.problem ? (
          <Empty title={trans.__('The graph is drawn when the pipeline is mended.')} />
        ) : pipeline ? (
          <Empty title={trans.__('The pipeline has no steps.')} />
        ) : null}
      </div>
    );
  }
  return (
    <div className="studio-Pipeline-middle">
      {listed || none ? (
        <StepList
          trans={trans}
          graph={graph}
          states={model.states}
          run={run}
          selected={shown.selected}
          select={select}
        />
      ) : (
        <React.Suspense fallback={<Busy text={trans.__('The graph is drawn…')} />}>
          <PipelineGraph
            trans={trans}
            title={model.name}
            graph={graph}
            states={model.states}
            selected={shown.selected}
            select={select}
          />
        </React.Suspense>
      )}
    </div>
  );
}

function Beside(props: {
  trans: TranslationBundle;
  model: PipelineModel;
  shown: ISnapshot;
  actions: IActions;
  close: () => void;
}): JSX.Element | null {
  const { trans, model, shown, actions, close } = props;
  const { beside, run, pipeline, chosen, selected } = shown;
  const busy = shown.going !== null || run?.status === 'running' || Boolean(pipeline?.problem);
  const start = async (request: Omit<StartRun, 'name'>): Promise<void> =>
    void (await model.start(request));
  const content =
    beside === 'step' ? (
      <StepDetails
        trans={trans}
        client={model.studio.client}
        actions={actions}
        graph={shown.graph}
        pipeline={pipeline}
        run={chosen ? run : null}
        selected={selected}
        busy={busy}
        select={step => model.select(step)}
        choose={found => model.choose(found)}
        start={request => void start(request)}
        close={close}
      />
    ) : beside === 'run' && run ? (
      <RunFacts trans={trans} actions={actions} run={run} close={close} />
    ) : beside === 'form' && pipeline ? (
      <RunForm
        trans={trans}
        pipeline={pipeline}
        environments={model.studio.session?.environments ?? ['dev']}
        run={run}
        busy={busy}
        start={async request => {
          const fault = await model.start(request);
          if (!fault) {
            close();
          }
          return fault;
        }}
        cancel={close}
      />
    ) : null;
  return content ? <aside className="studio-Beside">{content}</aside> : null;
}
