/** The plugins of the capability "notebook". */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const plugins: JupyterFrontEndPlugin<any>[] = [];
