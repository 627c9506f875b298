/**
 * What buttons, commands and shortcuts do with a notebook: asks where something must be asked, and tells what came of it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { StudioFault } from '../fault';
import type { IDialogs } from './dialogs';
import { parametersCell, toggle } from './marks';
import type { INotebookModel } from './model';
import type { Mark } from './open';

/** What a new parameters cell holds: a line of the form that Studio reads. */
const PARAMETERS = 'limit: int = 100  # what it stands for';

/** Does it. */
export class Actions {
  private readonly _dialogs: IDialogs;
  private readonly _trans: TranslationBundle;

  constructor(dialogs: IDialogs, trans: TranslationBundle) {
    this._dialogs = dialogs;
    this._trans = trans;
  }

  /** Look at the notebook, and say what was found. */
  async check(model: INotebookModel): Promise<void> {
    await this._tried(this._trans.__('Check'), async () => {
      if (!(await model.check())) {
        return;
      }
      if (model.fault) {
        throw model.fault;
      }
      const { state } = model;
      if (state?.problem) {
        throw new StudioFault(0, { message: state.problem });
      }
      const count = state?.findings.length ?? 0;
      if (count === 0) {
        this._dialogs.tell(this._trans.__('No problem was found.'), 'success');
      } else {
        this._dialogs.tell(
          this._trans._n('%1 finding, see the panel.', '%1 findings, see the panel.', count)
        );
      }
    });
  }

  /** Run these tests, or all. */
  async test(model: INotebookModel, names: readonly string[] = []): Promise<void> {
    await this._tried(this._trans.__('Test'), () => model.test(names));
  }

  /** Ask for a message and submit; a fault is the caller's to show. */
  async submit(model: INotebookModel): Promise<void> {
    const trans = this._trans;
    const { dirty } = model.notebook;
    const message = await this._dialogs.ask({
      title: trans.__('Submit for review'),
      text: dirty
        ? trans.__(
            'The notebook has unsaved changes: they are saved first. Then its tests run, and what a reviewer needs is gathered.'
          )
        : trans.__('Its tests run, and what a reviewer needs is gathered.'),
      label: trans.__('What changed, and why'),
      placeholder: trans.__('for who reviews it; may stay empty'),
      accept: dirty ? trans.__('Save and submit') : trans.__('Submit')
    });
    if (message !== null) {
      await model.submit(message);
    }
  }

  /** Ask for a message and submit; tell what went wrong. */
  async submitTold(model: INotebookModel): Promise<void> {
    await this._tried(this._trans.__('Submit'), () => this.submit(model));
  }

  /** Mark the selected cells, or take the mark from them. */
  mark(model: INotebookModel, mark: Mark): void {
    const { moved } = toggle(model.notebook, mark);
    if (moved > 0) {
      this._dialogs.tell(
        this._trans.__(
          'A notebook has one parameters cell: cell %1 is no longer marked as that.',
          moved
        )
      );
    }
  }

  /** Put a parameters cell into the notebook: above the first code cell that is no import; where there is one, show it. */
  async insertParameters(model: INotebookModel): Promise<void> {
    const { notebook } = model;
    await notebook.ready;
    const found = parametersCell(notebook);
    if (found) {
      return notebook.jump({ id: found.id, number: 0 });
    }
    const { cells } = notebook;
    const first = cells.findIndex(cell => cell.type === 'code');
    // Types such as Path must be imported above the cell.
    const index = first < 0 ? cells.length : importsOnly(cells[first].source) ? first + 1 : first;
    const id = notebook.insert(index, PARAMETERS, ['parameters']);
    return notebook.jump({ id, number: index + 1, line: 1 });
  }

  private async _tried(title: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (reason) {
      const { message, next } = StudioFault.of(reason);
      const step = next ? ` ${this._trans.__('Next: %1', next)}` : '';
      this._dialogs.tell(`${title}: ${message}${step}`, 'error');
    }
  }
}

/** Whether a cell holds nothing but imports and comments, as far as its lines show. */
function importsOnly(source: string): boolean {
  const lines = source.split('\n').map(line => line.trim());
  return lines.every(line => line === '' || /^(#|import |from )/.test(line));
}
