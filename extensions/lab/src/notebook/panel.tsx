/**
 * The Notebook panel: what Studio knows of the notebook in front, in sections that fail and fold each for itself.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { NotebookState } from '../api';
import type { IStudio } from '../tokens';
import { Busy, Empty, Fault, useDoing } from '../ui';
import type { ISectionContent } from './content';
import { glances } from './glances';
import { useSignals } from './hooks';
import type { ILinks } from './links';
import type { INotebookModel } from './model';
import { spokenOf } from './progress';
import { Section } from './section';
import { ChecksSection } from './sections/checks';
import { DataSection } from './sections/data';
import { ParametersSection } from './sections/parameters';
import { StatusSection } from './sections/status';
import { TestsSection } from './sections/tests';

/** The notebook in front. */
export interface IFollowing {
  /** Null where no notebook is in front. */
  readonly model: INotebookModel | null;
  readonly modelChanged: ISignal<IFollowing, void>;
}

/** Which sections are folded away, kept for the next time. */
export interface IFolds {
  readonly folded: ReadonlySet<string>;
  fold(name: string, folded: boolean): void;
  readonly changed: ISignal<IFolds, void>;
}

export interface INotebookViewProps {
  following: IFollowing;
  studio: IStudio;
  links: ILinks;
  folds: IFolds;
  trans: TranslationBundle;
  submit: (model: INotebookModel) => Promise<void>;
  insertParameters: (model: INotebookModel) => void;
}

/** The panel's content. */
export function NotebookView(props: INotebookViewProps): JSX.Element {
  const { following, studio, trans } = props;
  const { model } = following;
  useSignals(following.modelChanged, studio.changed, props.folds.changed, model?.changed);
  if (studio.session === null && studio.fault !== null) {
    return <Fault fault={studio.fault} trans={trans} again={() => studio.refresh()} />;
  }
  if (model === null) {
    return (
      <Empty title={trans.__('No notebook is in front.')}>
        <p>{trans.__('Open a notebook, and this panel says what Studio knows of it.')}</p>
      </Empty>
    );
  }
  return <OneNotebook key={model.notebook.path} {...props} model={model} />;
}

function OneNotebook(props: INotebookViewProps & { model: INotebookModel }): JSX.Element {
  const { model, trans } = props;
  const { state } = model;
  const name = model.notebook.path.split('/').pop() ?? '';
  return (
    <div
      className="studio-Notebook"
      aria-busy={model.busy || (state === null && model.fault === null)}
    >
      <header className="studio-Notebook-head">
        <div className="studio-Notebook-names">
          <h2>{state?.title || name}</h2>
          <p className="studio-Line studio-mod-quiet">{state?.subject || model.notebook.path}</p>
        </div>
        <button
          type="button"
          className="studio-IconButton"
          title={trans.__('Look at the file again')}
          aria-label={trans.__('Look at the file again')}
          onClick={() => void model.refresh()}
        >
          <refreshIcon.react tag="span" aria-hidden="true" />
        </button>
      </header>
      {model.notebook.dirty && state ? <Unsaved {...props} /> : null}
      {model.fault ? (
        <Fault fault={model.fault} trans={trans} again={() => void model.refresh()} />
      ) : null}
      {state === null && model.fault === null ? (
        <Busy text={trans.__('Reading the notebook …')} />
      ) : null}
      {state?.problem ? (
        <Fault
          fault={state.problem}
          trans={trans}
          title={trans.__('The notebook cannot be read.')}
        />
      ) : null}
      {state && !state.problem ? <Sections {...props} state={state} /> : null}
      <Spoken {...props} />
    </div>
  );
}

function Unsaved(props: INotebookViewProps & { model: INotebookModel }): JSX.Element {
  const { model, trans } = props;
  const doing = useDoing();
  return (
    <p className="studio-Unsaved">
      {trans.__('As saved: there are unsaved changes, which are not looked at.')}{' '}
      <button
        type="button"
        className="studio-Link"
        disabled={doing.busy}
        onClick={() => void doing.run(() => model.notebook.save())}
      >
        {trans.__('Save')}
      </button>
    </p>
  );
}

function Sections(
  props: INotebookViewProps & { model: INotebookModel; state: NotebookState }
): JSX.Element {
  const { trans } = props;
  const glance = glances(props.state, props.model.cases, trans);
  return (
    <>
      <Part
        {...props}
        name="status"
        title={trans.__('Status')}
        glance={glance.status}
        content={StatusSection}
      />
      <Part
        {...props}
        name="parameters"
        title={trans.__('Parameters')}
        glance={glance.parameters}
        content={ParametersSection}
      />
      <Part
        {...props}
        name="data"
        title={trans.__('Data')}
        glance={glance.data}
        content={DataSection}
      />
      <Part
        {...props}
        name="checks"
        title={trans.__('Checks')}
        glance={glance.checks}
        content={ChecksSection}
      />
      <Part
        {...props}
        name="tests"
        title={trans.__('Tests')}
        glance={glance.tests}
        content={TestsSection}
      />
    </>
  );
}

interface IPartProps extends INotebookViewProps {
  model: INotebookModel;
  state: NotebookState;
  name: string;
  title: string;
  glance: React.ReactNode;
  content: (props: ISectionContent) => JSX.Element;
}

/** Which parts of the server's answer a section shows. */
const PARTS: { readonly [name: string]: readonly string[] } = {
  status: ['state', 'pipelines'],
  data: ['datasets'],
  checks: ['findings'],
  tests: ['tests']
};

/** One section with what its buttons do, or with the reason why the server could not tell about it. */
function Part(props: IPartProps): JSX.Element {
  const { model, state, trans, links, folds, content: Content } = props;
  const doing = useDoing();
  const problems = (PARTS[props.name] ?? []).map(part => state.problems[part]).filter(Boolean);
  return (
    <Section
      name={props.name}
      title={props.title}
      glance={props.glance}
      trans={trans}
      subject={state}
      folded={folds.folded}
      fold={(name, folded) => folds.fold(name, folded)}
    >
      {problems.map(problem => (
        <Fault key={problem} fault={problem} trans={trans} />
      ))}
      {problems.length > 0 && props.name !== 'status' ? null : (
        <Content
          model={model}
          state={state}
          trans={trans}
          links={links}
          doing={doing}
          submit={() => props.submit(model)}
          insertParameters={() => props.insertParameters(model)}
        />
      )}
    </Section>
  );
}

/** What goes on, said aloud also where its section is folded away. */
function Spoken(props: INotebookViewProps & { model: INotebookModel }): JSX.Element {
  const { model, trans } = props;
  const titles = { submit: trans.__('Submission'), run: trans.__('Run'), test: trans.__('Tests') };
  return (
    <>
      {(['submit', 'run', 'test'] as const).map(kind => {
        const course = model.course(kind);
        return (
          <div key={kind} className="studio-Spoken" role="status">
            {course ? spokenOf(course, titles[kind], trans) : ''}
          </div>
        );
      })}
    </>
  );
}
