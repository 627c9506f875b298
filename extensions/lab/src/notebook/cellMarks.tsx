/**
 * What is seen of Studio in the notebook itself: a word above a cell that is marked, and what came of its tests below it.
 */
import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { PanelLayout } from '@lumino/widgets';
import * as React from 'react';

import { lasting } from '../ui';
import type { LabNotebook } from './hosted';
import { markOf } from './marks';
import type { INotebookModel } from './model';
import type { Mark } from './open';
import type { IShownCase } from './results';
import { CaseBadge } from './sections/tests';

/** The word for a mark, translated. */
export function wordForMark(mark: Mark, trans: TranslationBundle): string {
  const words: { [mark in Mark]: string } = {
    parameters: trans.__('parameters'),
    test: trans.__('test'),
    scratch: trans.__('scratch'),
    'feature-view': trans.__('feature view')
  };
  return words[mark];
}

export interface ICellMarksOptions {
  notebook: LabNotebook;
  model: INotebookModel;
  trans: TranslationBundle;
  /** Whether results are shown beside the cells. */
  shows: () => boolean;
  /** Run these tests. */
  test: (names: readonly string[]) => void;
}

/** Keeps the marks of one notebook; it ends with it. */
export class CellMarks implements IDisposable {
  private readonly _options: ICellMarksOptions;
  private readonly _results = new Map<Cell, CellResults>();
  private _planned = false;
  private _isDisposed = false;

  constructor(options: ICellMarksOptions) {
    this._options = options;
    options.model.changed.connect(this.plan, this);
    options.notebook.disposed.connect(this.dispose, this);
    void options.notebook.ready.then(() => this.plan());
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Draw the marks anew, once for all that changes now. */
  plan(): void {
    if (!this._planned && !this._isDisposed) {
      this._planned = true;
      void Promise.resolve().then(() => {
        this._planned = false;
        this._draw();
      });
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.model.changed.disconnect(this.plan, this);
    this._results.forEach(results => results.dispose());
    this._results.clear();
  }

  private _draw(): void {
    const { notebook, model, trans, shows } = this._options;
    if (this._isDisposed || notebook.isDisposed) {
      return;
    }
    const found = new Map<string, IShownCase[]>();
    for (const one of shows() ? model.cases : []) {
      if (one.rung === 'code' && one.cell_id) {
        found.set(one.cell_id, [...(found.get(one.cell_id) ?? []), one]);
      }
    }
    const cells = new Map(notebook.cells.map(cell => [cell.id, cell]));
    for (const widget of notebook.panel.content.widgets) {
      const cell = cells.get(widget.model.id);
      const mark = cell ? markOf(cell) : null;
      if (mark) {
        widget.node.dataset.studioMark = mark;
        widget.node.dataset.studioLabel = wordForMark(mark, trans);
      } else {
        delete widget.node.dataset.studioMark;
        delete widget.node.dataset.studioLabel;
      }
      this._show(widget, mark === 'scratch' ? [] : (found.get(widget.model.id) ?? []));
    }
  }

  private _show(cell: Cell, cases: readonly IShownCase[]): void {
    const shown = this._results.get(cell);
    const course = this._options.model.course('test');
    const busy = course !== null && !course.ended;
    if (shown) {
      shown.set(cases, busy);
      return;
    }
    if (cases.length === 0) {
      return;
    }
    const results = new CellResults(this._options);
    results.set(cases, busy);
    this._results.set(cell, results);
    results.disposed.connect(() => this._results.delete(cell));
    // A cell that was never in sight has no parts yet, and what is added now would stand above them.
    void cell.ready.then(() => {
      if (!cell.isDisposed && !results.isDisposed) {
        (cell.layout as PanelLayout).addWidget(results);
      }
    });
    cell.disposed.connect(() => results.dispose());
  }
}

/** What came of the tests of one cell. */
class CellResults extends ReactWidget {
  private readonly _options: ICellMarksOptions;
  private _cases: readonly IShownCase[] = [];
  private _busy = false;

  constructor(options: ICellMarksOptions) {
    super();
    this._options = options;
    this.addClass('studio-CellResults');
  }

  /** What is shown; drawn anew only where it differs. */
  set(cases: readonly IShownCase[], busy: boolean): void {
    if (busy !== this._busy || JSON.stringify(cases) !== JSON.stringify(this._cases)) {
      this._cases = cases;
      this._busy = busy;
      this.setHidden(cases.length === 0);
      this.update();
    }
  }

  protected override render(): JSX.Element {
    const { trans, test } = this._options;
    return (
      <ul className="studio-List" aria-label={trans.__('Tests of this cell')}>
        {this._cases.map(one => (
          <li key={one.name} className="studio-CellResult">
            <CaseBadge found={one} trans={trans} />
            <span className="studio-CellResult-name">{one.name}</span>
            <span className="studio-CellResult-message">{one.message}</span>
            <span className="studio-Item-time">
              {one.seconds > 0 ? lasting(one.seconds, trans) : ''}
            </span>
            <button
              type="button"
              className="studio-Link"
              disabled={this._busy}
              aria-label={trans.__('Run %1', one.name)}
              onClick={() => test([one.name])}
            >
              {trans.__('Run')}
            </button>
          </li>
        ))}
      </ul>
    );
  }
}
