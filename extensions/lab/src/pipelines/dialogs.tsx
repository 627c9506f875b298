/**
 * Putting a notebook into a pipeline, and making a new pipeline: what is asked, and asked again when it cannot be done.
 */
import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Overview, Written } from '../api';
import { StudioFault } from '../fault';
import type { IStudioClient } from '../tokens';
import { Fault } from '../ui';

/** What is filled in so far. */
export interface IAdding {
  /** A pipeline's name; empty: a new one. */
  pipeline: string;
  /** Of the new pipeline. */
  name: string;
  description: string;
  /** The step's name; empty: the notebook's. */
  step: string;
  /** The notebooks that become steps, as Jupyter calls them. */
  notebooks: readonly string[];
}

/** A dialog's content: React, and the values that it holds when it is closed. */
class Asking<T> extends ReactWidget {
  constructor(
    public value: T,
    private _draw: (value: T, set: (part: Partial<T>) => void) => JSX.Element
  ) {
    super();
    this.addClass('studio-Dialog');
  }

  getValue(): T {
    return this.value;
  }

  protected override render(): JSX.Element {
    return this._draw(this.value, part => {
      this.value = { ...this.value, ...part };
      this.update();
    });
  }
}

/** Ask until it was done or given up; null when it was given up. */
async function askUntil<T>(
  trans: TranslationBundle,
  title: string,
  button: string,
  start: T,
  draw: (value: T, set: (part: Partial<T>) => void) => JSX.Element,
  act: (value: T) => Promise<Written>
): Promise<Written | null> {
  let value = start;
  let fault: StudioFault | null = null;
  for (;;) {
    const told: StudioFault | null = fault;
    const body = new Asking(value, (current, set) => (
      <>
        <Fault fault={told} trans={trans} />
        {draw(current, set)}
      </>
    ));
    const result = await showDialog({
      title,
      body,
      focusNodeSelector: 'input:not([type="checkbox"]), select',
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: button })
      ]
    });
    if (!result.button.accept || !result.value) {
      return null;
    }
    value = result.value;
    try {
      return await act(value);
    } catch (reason) {
      fault = StudioFault.of(reason);
    }
  }
}

/** Put a notebook into a pipeline that is there, or into a new one. */
export async function askAdd(
  trans: TranslationBundle,
  client: Pick<IStudioClient, 'get' | 'post'>,
  notebook: string
): Promise<Written | null> {
  const { pipelines } = await client.get('pipelines');
  const start: IAdding = {
    pipeline: (pipelines.find(one => !one.problem) ?? pipelines[0])?.name ?? '',
    name: '',
    description: '',
    step: '',
    notebooks: [notebook]
  };
  return askUntil(
    trans,
    trans.__('Add to a pipeline'),
    trans.__('Add'),
    start,
    (value, set) => <AddFields trans={trans} pipelines={pipelines} value={value} set={set} />,
    value =>
      value.pipeline
        ? client.post('pipelines/add', { pipeline: value.pipeline, notebook, step: value.step })
        : client.post('pipelines/new', {
            name: value.name,
            notebooks: [notebook],
            description: value.description
          })
  );
}

/** Make a pipeline of some of these notebooks. */
export async function askNew(
  trans: TranslationBundle,
  client: Pick<IStudioClient, 'post'>,
  given: { name: string; notebooks: readonly string[]; chosen: readonly string[] }
): Promise<Written | null> {
  const start: IAdding = {
    pipeline: '',
    name: given.name,
    description: '',
    step: '',
    notebooks: given.chosen
  };
  return askUntil(
    trans,
    trans.__('New pipeline'),
    trans.__('Make it'),
    start,
    (value, set) => (
      <>
        <NewFields trans={trans} value={value} set={set} />
        <NotebookChoice trans={trans} offered={given.notebooks} value={value} set={set} />
      </>
    ),
    value =>
      client.post('pipelines/new', {
        name: value.name,
        notebooks: [...value.notebooks],
        description: value.description
      })
  );
}

interface IFieldsProps {
  trans: TranslationBundle;
  value: IAdding;
  set: (part: Partial<IAdding>) => void;
}

function AddFields(props: IFieldsProps & { pipelines: readonly Overview[] }): JSX.Element {
  const { trans, pipelines, value, set } = props;
  return (
    <>
      <p>{value.notebooks.join(', ')}</p>
      <label>
        {trans.__('Pipeline')}
        <select
          className="studio-Input"
          value={value.pipeline}
          onChange={event => set({ pipeline: event.target.value })}
        >
          {pipelines.map(pipeline => (
            <option key={pipeline.name} value={pipeline.name}>
              {pipeline.name}
            </option>
          ))}
          <option value="">{trans.__('a new one')}</option>
        </select>
      </label>
      {value.pipeline ? (
        <label>
          {trans.__('Name of the step')}
          <input
            className="studio-Input"
            type="text"
            value={value.step}
            placeholder={trans.__("the notebook's name")}
            onChange={event => set({ step: event.target.value })}
          />
        </label>
      ) : (
        <NewFields trans={trans} value={value} set={set} />
      )}
    </>
  );
}

function NewFields({ trans, value, set }: IFieldsProps): JSX.Element {
  return (
    <>
      <label>
        {trans.__('Name of the pipeline')}
        <input
          className="studio-Input"
          type="text"
          value={value.name}
          onChange={event => set({ name: event.target.value })}
        />
      </label>
      <label>
        {trans.__('What it is for')}
        <input
          className="studio-Input"
          type="text"
          value={value.description}
          onChange={event => set({ description: event.target.value })}
        />
      </label>
    </>
  );
}

function NotebookChoice(props: IFieldsProps & { offered: readonly string[] }): JSX.Element {
  const { trans, offered, value, set } = props;
  if (!offered.length) {
    return (
      <p>
        {trans.__(
          'Its steps are notebooks: open some, or select them in the file browser, and come back.'
        )}
      </p>
    );
  }
  const toggle = (path: string): void =>
    set({
      notebooks: value.notebooks.includes(path)
        ? value.notebooks.filter(one => one !== path)
        : [...value.notebooks, path]
    });
  return (
    <fieldset>
      <legend>{trans.__('Notebooks that become its steps')}</legend>
      {offered.map(path => (
        <label key={path} className="studio-mod-flag">
          <input
            type="checkbox"
            checked={value.notebooks.includes(path)}
            onChange={() => toggle(path)}
          />
          {path}
        </label>
      ))}
    </fieldset>
  );
}
