/**
 * Which of the difference's cells is which cell of the submitted notebook, and what is folded away.
 *
 * Comments hang on cells of the submitted notebook by their number (from 1); nbdime's models know only the order.
 */
import type { IComment } from './facts';

/** What is read of nbdime's model of one cell. */
export interface ICellModel {
  readonly added: boolean;
  readonly deleted: boolean;
  readonly unchanged: boolean;
  readonly cellType: string;
  readonly source: { base: string | null; remote: string | null };
  readonly metadata: { base: string | null; remote: string | null };
}

export type CellStatus = 'added' | 'removed' | 'changed' | 'unchanged';

/** One cell of the difference. */
export interface IDiffedCell<Model extends ICellModel = ICellModel> {
  /** Its place in the difference. */
  key: number;
  model: Model;
  status: CellStatus;
  /** Its number in the submitted notebook; null where it is not there any more. */
  number: number | null;
  /** About how many lines it will show. */
  lines: number;
  tags: string[];
  tagsAdded: string[];
  tagsRemoved: string[];
}

/** Neighbours that are shown, or folded away together. */
export interface IStretch<Model extends ICellModel = ICellModel> {
  folded: boolean;
  cells: IDiffedCell<Model>[];
}

/** The cells with their numbers in the submitted notebook. */
export function diffedCells<Model extends ICellModel>(models: Model[]): IDiffedCell<Model>[] {
  let number = 0;
  return models.map((model, key) => {
    const status = statusOf(model);
    const before = model.added ? [] : tagsIn(model.metadata.base);
    const after = model.deleted ? [] : tagsIn(model.metadata.remote);
    return {
      key,
      model,
      status,
      number: model.deleted ? null : ++number,
      lines: Math.max(linesIn(model.source.base), linesIn(model.source.remote)),
      tags: model.deleted ? before : after,
      tagsAdded: status === 'changed' ? after.filter(tag => !before.includes(tag)) : [],
      tagsRemoved: status === 'changed' ? before.filter(tag => !after.includes(tag)) : []
    };
  });
}

function statusOf(model: ICellModel): CellStatus {
  return model.added
    ? 'added'
    : model.deleted
      ? 'removed'
      : model.unchanged
        ? 'unchanged'
        : 'changed';
}

function linesIn(text: string | null): number {
  return text ? text.split('\n').length : 1;
}

function tagsIn(metadata: string | null): string[] {
  try {
    const tags = JSON.parse(metadata ?? '{}')?.tags;
    return Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [];
  } catch {
    return []; // nbdime shows metadata that is no JSON as the text that it is
  }
}

/** Comments by the cell on which they hang now. */
export function commentsByCell(comments: readonly IComment[]): Map<number, IComment[]> {
  const found = new Map<number, IComment[]>();
  for (const comment of comments) {
    if (comment.cell !== null) {
      found.set(comment.cell, [...(found.get(comment.cell) ?? []), comment]);
    }
  }
  return found;
}

/** Unchanged cells without a comment are folded. */
export function stretches<Model extends ICellModel>(
  cells: IDiffedCell<Model>[],
  commented: (number: number) => boolean
): IStretch<Model>[] {
  const found: IStretch<Model>[] = [];
  for (const cell of cells) {
    const folded = cell.status === 'unchanged' && !(cell.number !== null && commented(cell.number));
    const last = found[found.length - 1];
    if (last && last.folded === folded) {
      last.cells.push(cell);
    } else {
      found.push({ folded, cells: [cell] });
    }
  }
  return found;
}
