/** The plugins of the capability "ledger". */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const plugins: JupyterFrontEndPlugin<any>[] = [];
