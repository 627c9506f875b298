/** The plugins of the capability "status". */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const plugins: JupyterFrontEndPlugin<any>[] = [];
