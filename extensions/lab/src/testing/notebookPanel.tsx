/**
 * The Notebook panel drawn with fakes all around it, for tests of its parts.
 */
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import type { NotebookState } from '../api';
import { Folds } from '../notebook/folds';
import type { ILinks } from '../notebook/links';
import { NotebookModel } from '../notebook/model';
import { type IFollowing, NotebookView } from '../notebook/panel';
import { FakeStudio } from './fake';
import { aNotebookState, FakeDialogs, FakeNotebook } from './notebooks';

const trans = nullTranslator.load('');

class Following implements IFollowing {
  readonly modelChanged = new Signal<this, void>(this);
  constructor(public model: NotebookModel | null) {}
}

class FakeLinks implements ILinks {
  readonly went: string[] = [];
  add: ((path: string) => void) | null = path => this.went.push(`add ${path}`);
  review = (submission: string): void => void this.went.push(`review ${submission}`);
  run = async (run: string): Promise<void> => void this.went.push(`run ${run}`);
  pipeline = (name: string): void => void this.went.push(`pipeline ${name}`);
  file = (path: string): void => void this.went.push(`file ${path}`);
  shown = (subject: string): string | null => (subject.startsWith('outside') ? null : subject);
}

/** The panel with a notebook of this state in front. */
export async function shown(
  state: Partial<NotebookState> = {},
  answers: ConstructorParameters<typeof FakeStudio>[0] = {}
) {
  const studio = new FakeStudio({ 'notebooks/state': aNotebookState(state), ...answers });
  const notebook = new FakeNotebook();
  const model = new NotebookModel({ studio, notebook, dialogs: new FakeDialogs(), trans });
  model.front = true;
  const links = new FakeLinks();
  const following = new Following(model);
  const submit = jest.fn(
    async (of: { submit(message: string): Promise<boolean> }) => void (await of.submit('Why'))
  );
  const insertParameters = jest.fn();
  const view = render(
    <NotebookView
      {...{ following, studio, links, folds: new Folds(null), trans, submit, insertParameters }}
    />
  );
  await waitFor(() => expect(model.state ?? model.fault).not.toBeNull());
  await act(async () => undefined);
  return {
    ...view,
    studio,
    notebook,
    model,
    links,
    following,
    submit,
    insertParameters,
    user: userEvent.setup()
  };
}

/** A section of the panel. */
export const section = (name: string): HTMLElement =>
  screen.getByRole('region', { name: new RegExp(`^${name}`) });
