/**
 * The only module that imports nbdime: loaded with its style sheets when a difference is first looked at.
 */
import 'nbdime/lib/common/collapsible.css';
import 'nbdime/lib/styles/common.css';
import 'nbdime/lib/styles/diff.css';
import 'nbdime/lib/styles/variables.css';
import 'nbdime/lib/upstreaming/flexpanel.css';

import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { ITranslator } from '@jupyterlab/translation';
import { Panel, type Widget } from '@lumino/widgets';
import type { IDiffEntry } from 'nbdime/lib/diff/diffentries';
import { type CellDiffModel, NotebookDiffModel } from 'nbdime/lib/diff/model';
import { CellDiffWidget, MetadataDiffWidget } from 'nbdime/lib/diff/widget';

import { diffedCells, type IDiffedCell } from './cells';
import type { INotebookDifference } from './facts';
import { harmlessRenderers } from './harmless';

/** A difference, ready to be shown cell by cell. */
export interface IDifferenceView {
  cells: IDiffedCell[];
  /** A new widget that shows one of the cells. */
  show(cell: IDiffedCell): Widget;
  /** A new widget that shows what changed in the notebook's own metadata; null where nothing did. */
  metadata: (() => Widget) | null;
}

/** nbdime's view of a difference, with our own renderers: outputs are others' data. */
export function differenceView(
  difference: INotebookDifference,
  editorFactory: CodeEditor.Factory | undefined,
  translator: ITranslator | undefined
): IDifferenceView {
  const model = new NotebookDiffModel(
    difference.base as INotebookContent,
    difference.diff as unknown as IDiffEntry[]
  );
  const rendermime = harmlessRenderers(translator);
  const cells = diffedCells<CellDiffModel>(model.cells);
  const common = { editorFactory, translator, collapseIdentical: 3 };
  const { base_label, remote_label } = difference;
  const framed = (widget: Widget): Widget =>
    frame(widget, rendermime.mimeTypes, [base_label, remote_label]);
  return {
    cells,
    show: cell =>
      framed(
        new CellDiffWidget({
          model: cell.model as CellDiffModel,
          rendermime,
          mimetype: model.mimetype,
          ...common
        })
      ),
    metadata: model.metadata
      ? () => framed(new MetadataDiffWidget({ model: model.metadata!, ...common }))
      : null
  };
}

/**
 * The classes by which nbdime's style sheets find their own, names for those who do not see, and no offer that cannot
 * or must not be taken.
 */
function frame(widget: Widget, known: readonly string[], sides: [string, string]): Widget {
  const { node } = widget;
  node.querySelectorAll('option').forEach(option => {
    option.disabled = option.hidden = !known.includes(option.text);
  });
  node.querySelectorAll('.jp-Diff-trustOutputButton').forEach(button => button.remove());
  node.querySelectorAll<HTMLElement>('.jp-CollapsiblePanel-header').forEach(reachable);
  node.querySelectorAll('.cm-content').forEach(text => {
    const before = text.closest('.cm-diff-left-editor, .cm-merge-pane-deleted') !== null;
    text.setAttribute('aria-label', sides[before ? 0 : 1]);
    text.setAttribute('aria-readonly', 'true');
  });
  const panel = new Panel();
  panel.addClass('nbdime-root');
  panel.addClass('jp-Notebook-diff');
  panel.addWidget(widget);
  return panel;
}

/** nbdime folds by a click on the header, and its button has no name: give the button one, and its state. */
function reachable(header: HTMLElement): void {
  const button = header.querySelector('button');
  if (!button) {
    return;
  }
  const say = (): void => {
    const open = button.classList.contains('jp-CollapsiblePanel-header-icon-opened');
    button.setAttribute('aria-expanded', String(open));
  };
  button.setAttribute('aria-label', header.textContent ?? '');
  say();
  new MutationObserver(say).observe(button, { attributeFilter: ['class'] });
}
