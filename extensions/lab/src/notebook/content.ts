/**
 * What every section of the panel works with.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { NotebookState } from '../api';
import type { useDoing } from '../ui';
import type { ILinks } from './links';
import type { INotebookModel } from './model';

export interface ISectionContent {
  readonly model: INotebookModel;
  readonly state: NotebookState;
  readonly trans: TranslationBundle;
  readonly links: ILinks;
  /** What the section's buttons do, one at a time. */
  readonly doing: ReturnType<typeof useDoing>;
  /** Ask for a message, and submit the notebook. */
  readonly submit: () => Promise<void>;
  /** Put a parameters cell into the notebook. */
  readonly insertParameters: () => void;
}
