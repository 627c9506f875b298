/**
 * Home: what needs me now, what goes on, the pipelines, what happened lately; every row leads to its panel.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Activity, Happening, Need, Overview } from '../api';
import { Busy, Empty, Fault, StatusBadge, wordOf } from '../ui';
import type { HomeModel } from './model';
import { Row, Section, useMinutes, When } from './parts';
import type { IWays } from './ways';

export interface IHomeViewProps {
  model: HomeModel;
  ways: IWays;
  trans: TranslationBundle;
}

/** The panel. */
export function HomeView(props: IHomeViewProps): JSX.Element {
  const { model, trans } = props;
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  useMinutes();
  React.useEffect(() => {
    const tell = (): void => redraw();
    model.changed.connect(tell);
    return () => {
      model.changed.disconnect(tell);
    };
  }, [model]);
  const { studio, home, pipelines } = model;

  if (studio.fault && !studio.session) {
    return (
      <div className="studio-Home">
        <Fault fault={studio.fault} trans={trans} again={() => studio.refresh()} />
      </div>
    );
  }
  return (
    <div className="studio-Home">
      <Head {...props} />
      {model.busy ? <Busy text={trans.__('Reading the workspace …')} /> : null}
      <Fault fault={home.fault} trans={trans} again={() => model.refresh()} />
      {home.value ? <Needs {...props} needs={home.value.needs} /> : null}
      <Running {...props} />
      <Fault fault={pipelines.fault} trans={trans} again={() => model.refresh()} />
      {pipelines.value ? <Pipelines {...props} pipelines={pipelines.value} /> : null}
      {home.value ? <Lately {...props} happened={home.value.happened} /> : null}
    </div>
  );
}

function Head({ model, ways, trans }: IHomeViewProps): JSX.Element {
  const { session } = model.studio;
  const roles = session?.roles.join(', ');
  const who = session ? session.name || session.actor : '';
  return (
    <div className="studio-Home-head">
      <div className="studio-Home-title">
        <h2 title={session?.workspace}>{session?.project || trans.__('Studio')}</h2>
        <button
          type="button"
          className="studio-Link"
          title={trans.__('Ask the server anew for all that Studio shows')}
          onClick={() => model.studio.refresh()}
        >
          {trans.__('Refresh')}
        </button>
      </div>
      {session ? (
        <p className="studio-Home-who" title={session.actor}>
          {session.open
            ? trans.__('%1 · everybody may do everything', who)
            : [who, roles].filter(Boolean).join(' · ')}
        </p>
      ) : null}
      <nav className="studio-Home-links" aria-label={trans.__('Studio')}>
        <button type="button" className="studio-Link" onClick={() => ways.reviews()}>
          {trans.__('Reviews')}
        </button>
        <button type="button" className="studio-Link" onClick={() => ways.runs()}>
          {trans.__('Runs')}
        </button>
        <button type="button" className="studio-Link" onClick={() => ways.ledger()}>
          {trans.__('Ledger')}
        </button>
        <button type="button" className="studio-Link" onClick={() => ways.mlflow()}>
          {trans.__('MLflow')}
        </button>
      </nav>
    </div>
  );
}

function Needs(props: IHomeViewProps & { needs: Need[] }): JSX.Element {
  const { needs, ways, trans } = props;
  const words: { [kind in Need['kind']]: string } = {
    review: trans.__('review'),
    returned: trans.__('returned'),
    'failed run': trans.__('failed'),
    lapsed: trans.__('lapsed'),
    problem: trans.__('problem')
  };
  const way = (need: Need): (() => void) | undefined => {
    if (need.submission) {
      return () => ways.review(need.submission);
    }
    if (need.run) {
      return () => ways.run(need.run, need.pipeline);
    }
    const { path } = need;
    if (path) {
      return () => ways.notebook(path);
    }
    return need.pipeline ? () => ways.pipeline(need.pipeline) : undefined;
  };
  return (
    <Section title={trans.__('Needs you')} count={needs.length}>
      {needs.length === 0 ? (
        <Empty title={trans.__('Nothing waits for you.')} />
      ) : (
        <ul className="studio-List">
          {needs.map((need, index) => (
            <Row
              key={`${need.kind} ${need.submission || need.run || need.path || index}`}
              title={need.title}
              badge={
                <StatusBadge
                  status={need.kind}
                  tone={
                    need.kind === 'review'
                      ? 'active'
                      : need.kind === 'failed run'
                        ? 'bad'
                        : undefined
                  }
                  text={words[need.kind]}
                  trans={trans}
                />
              }
              text={need.text}
              when={<When time={need.time} trans={trans} />}
              open={way(need)}
            />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Running(props: IHomeViewProps): JSX.Element | null {
  const { model, ways, trans } = props;
  const { activities } = model.studio;
  const mine = activities.running;
  const others = (model.home.value?.running ?? []).filter(
    run => !mine.some(one => one.run === run)
  );
  if (mine.length + others.length === 0) {
    return null;
  }
  const way = (one: Activity): (() => void) | undefined => {
    const { path, pipeline, run } = one;
    if (pipeline) {
      return run ? () => ways.run(run, pipeline) : () => ways.pipeline(pipeline);
    }
    return path ? () => ways.notebook(path) : undefined;
  };
  return (
    <Section title={trans.__('Running')} count={mine.length + others.length}>
      <ul className="studio-List">
        {mine.map(one => (
          <Row
            key={one.id}
            title={one.title}
            badge={<StatusBadge status={one.status} trans={trans} />}
            when={<When time={one.started} trans={trans} />}
            open={way(one)}
          />
        ))}
        {others.map(run => (
          <Row
            key={run}
            title={run}
            badge={<StatusBadge status="running" trans={trans} />}
            text={trans.__('Started elsewhere')}
            open={() => ways.run(run)}
          />
        ))}
      </ul>
    </Section>
  );
}

function Pipelines(props: IHomeViewProps & { pipelines: readonly Overview[] }): JSX.Element {
  const { pipelines, ways, trans } = props;
  return (
    <Section title={trans.__('Pipelines')} count={pipelines.length}>
      {pipelines.length === 0 ? (
        <Empty title={trans.__('No pipeline yet.')}>
          <p>{trans.__('The launcher makes one from notebooks.')}</p>
        </Empty>
      ) : (
        <ul className="studio-List">
          {pipelines.map(one => (
            <Row
              key={one.name}
              title={one.name}
              badge={
                one.problem ? (
                  <StatusBadge status="problem" text={trans.__('problem')} trans={trans} />
                ) : one.last_status ? (
                  <StatusBadge status={one.last_status} trans={trans} />
                ) : undefined
              }
              text={
                one.problem ||
                one.description ||
                trans._n('%1 step', '%1 steps', one.steps, one.steps)
              }
              when={one.last_started ? <When time={one.last_started} trans={trans} /> : null}
              open={() => ways.pipeline(one.name)}
              label={
                one.last_status
                  ? trans.__('%1, last run %2', one.name, wordOf(one.last_status, trans))
                  : trans.__('%1, never run', one.name)
              }
            />
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Rows that are shown at first. */
const LATELY = 8;

function Lately(props: IHomeViewProps & { happened: Happening[] }): JSX.Element {
  const { happened, ways, trans } = props;
  const [all, setAll] = React.useState(false);
  const way = (one: Happening): (() => void) | undefined => {
    if (one.submission) {
      return () => ways.review(one.submission);
    }
    return one.run ? () => ways.run(one.run) : undefined;
  };
  const shown = all ? happened : happened.slice(0, LATELY);
  return (
    <Section title={trans.__('Lately')}>
      {happened.length === 0 ? (
        <Empty title={trans.__('Nothing has happened yet.')}>
          <p>{trans.__('Runs, submissions and decisions will stand here.')}</p>
        </Empty>
      ) : (
        <>
          <ul className="studio-List">
            {shown.map((one, index) => (
              <Row
                key={`${one.time} ${index}`}
                title={one.text}
                plain
                when={<When time={one.time} trans={trans} />}
                open={way(one)}
              />
            ))}
          </ul>
          <p className="studio-Home-more">
            {happened.length > LATELY ? (
              <button type="button" className="studio-Link" onClick={() => setAll(!all)}>
                {all ? trans.__('Show less') : trans.__('Show %1 more', happened.length - LATELY)}
              </button>
            ) : null}
            <button type="button" className="studio-Link" onClick={() => ways.ledger()}>
              {trans.__('The whole ledger')}
            </button>
          </p>
        </>
      )}
    </Section>
  );
}
