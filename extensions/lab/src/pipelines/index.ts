/** The plugins of the capability "pipelines". */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const plugins: JupyterFrontEndPlugin<any>[] = [];
