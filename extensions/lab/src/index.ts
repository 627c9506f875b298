/**
 * All plugins of Studio: a capability is one folder here, and one entry in the list below.
 */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { plugins as home } from './home';
import { plugins as launcher } from './launcher';
import { plugins as ledger } from './ledger';
import { plugins as notebook } from './notebook';
import { plugins as pipelines } from './pipelines';
import { plugins as review } from './review';
import { plugins as studio } from './plugin';
import { plugins as status } from './status';

const plugins: JupyterFrontEndPlugin<any>[] = [
  ...studio,
  ...home,
  ...ledger,
  ...launcher,
  ...status,
  ...notebook,
  ...review,
  ...pipelines
];

export default plugins;
