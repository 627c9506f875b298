/** The plugins of the capability "review". */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const plugins: JupyterFrontEndPlugin<any>[] = [];
