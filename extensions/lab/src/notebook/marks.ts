/**
 * What cells are marked as: tags of which a cell has at most one, and a notebook one parameters cell.
 */
import { type IOpenCell, type IOpenNotebook, type Mark, MARKS } from './open';

/** The mark of a cell: the first of its tags that is one, where scratch wins over all others. */
export function markOf(cell: IOpenCell): Mark | null {
  if (cell.tags.includes('scratch')) {
    return 'scratch';
  }
  return MARKS.find(mark => cell.tags.includes(mark)) ?? null;
}

/** Whether cells of this type can be marked so: text can only be scratch. */
export function fits(cell: IOpenCell, mark: Mark): boolean {
  return cell.type === 'code' || (mark === 'scratch' && cell.type === 'markdown');
}

/** The cells that a mark would be put on or taken from. */
export function targets(notebook: IOpenNotebook, mark: Mark): IOpenCell[] {
  const selected = notebook.cells.filter(cell => notebook.selected.includes(cell.id));
  const fitting = selected.filter(cell => fits(cell, mark));
  return mark === 'parameters' ? fitting.slice(0, 1) : fitting;
}

/** Whether all cells that are selected have the mark. */
export function isMarked(notebook: IOpenNotebook, mark: Mark): boolean {
  const cells = targets(notebook, mark);
  return cells.length > 0 && cells.every(cell => markOf(cell) === mark);
}

/** What marking did: `moved` is the number (from 1) of the cell that was the parameters cell before; 0 for none. */
export interface IMarked {
  readonly on: boolean;
  readonly moved: number;
}

/** Put a mark on the selected cells, or take it from them where all of them have it. */
export function toggle(notebook: IOpenNotebook, mark: Mark): IMarked {
  const on = !isMarked(notebook, mark);
  const cells = targets(notebook, mark);
  for (const cell of cells) {
    notebook.tag(cell.id, [...without(cell), ...(on ? [mark] : [])]);
  }
  let moved = 0;
  if (on && mark === 'parameters' && cells.length > 0) {
    notebook.cells.forEach((cell, index) => {
      if (cell.id !== cells[0].id && cell.tags.includes('parameters')) {
        notebook.tag(
          cell.id,
          cell.tags.filter(tag => tag !== 'parameters')
        );
        moved = index + 1;
      }
    });
  }
  return { on, moved };
}

/** The parameters cell of a notebook as it is in front of the person. */
export function parametersCell(notebook: IOpenNotebook): IOpenCell | null {
  return notebook.cells.find(cell => markOf(cell) === 'parameters') ?? null;
}

function without(cell: IOpenCell): string[] {
  return cell.tags.filter(tag => !(MARKS as readonly string[]).includes(tag));
}
