/**
 * The notebook that is open in Lab, as Studio's panel needs it: small, so that tests put a fake in its place.
 */
import type { IObservableDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

/** What a cell can be marked as; at most one at a time. */
export const MARKS = ['parameters', 'test', 'scratch', 'feature-view'] as const;
export type Mark = (typeof MARKS)[number];

/** A cell as it is in front of the person, saved or not. */
export interface IOpenCell {
  readonly id: string;
  readonly type: string;
  /** As it is when it is read. */
  readonly source: string;
  readonly tags: readonly string[];
}

/** Where to go: to a cell by its id, else by its number from 1 (cells of older notebooks have no lasting id). */
export interface ICellPlace {
  readonly id: string;
  readonly number: number;
  /** From 1, in the cell; 0 for the cell as a whole. */
  readonly line?: number;
}

/** What happened to the notebook. */
export type Change =
  /** What is shown and what is in the file are the same now: opened, saved or read again. */
  | { kind: 'saved' }
  /** It has another path. */
  | { kind: 'moved' }
  /** Whether there are unsaved changes is another thing now. */
  | { kind: 'dirty' }
  /** Cells came, went or moved, or their tags changed. */
  | { kind: 'cells' }
  /** A cell's text changed. */
  | { kind: 'source'; cell: string }
  /** Another cell is active. */
  | { kind: 'active' };

/** A notebook that is open. */
export interface IOpenNotebook extends IObservableDisposable {
  /** As Jupyter calls it. */
  readonly path: string;
  /** Whether there are unsaved changes. */
  readonly dirty: boolean;
  /** Whether it can be saved at all. */
  readonly writable: boolean;
  /** When its file was written, as far as Jupyter knows (RFC 3339); "" where it is not known. */
  readonly written: string;
  readonly cells: readonly IOpenCell[];
  /** Ids of the cells that are selected; the active one alone where nothing else is. */
  readonly selected: readonly string[];
  readonly changed: ISignal<IOpenNotebook, Change>;
  /** What is shown is in step with a file: nothing is known before. */
  readonly ready: Promise<void>;

  /** Save it; false when it was not saved (the person has been told why). */
  save(): Promise<boolean>;
  /** Read it from its file again; unsaved changes are lost. */
  revert(): Promise<void>;
  /** Show a cell, and put the cursor there. */
  jump(place: ICellPlace): Promise<void>;
  /** Change a cell's text, as typing would; false where there is no such cell. */
  write(cell: string, source: string): boolean;
  /** Give a cell other tags. */
  tag(cell: string, tags: readonly string[]): void;
  /** Insert a code cell before the cell of this index (from 0) and make it active. */
  insert(index: number, source: string, tags: readonly string[]): string;
}
