/**
 * What cells are marked with, in the shapes and colours of JupyterLab's icons.
 */
import { LabIcon } from '@jupyterlab/ui-components';

import type { Mark } from './open';

const drawn = (mark: Mark, paths: string): LabIcon =>
  new LabIcon({
    name: `@notebook-studio/lab:mark-${mark}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161">${paths}</g></svg>`
  });

/** A notebook with its binding and a mark: the Notebook panel. */
export const notebookPanelIcon = new LabIcon({
  name: '@notebook-studio/lab:notebook-panel',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161">' +
    '<path d="M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5v-2H3v-2h2v-4H3v-2h2V7H3V5h2zm2 2v14h2V5zm4 0v14h8V5z" fill-rule="evenodd"/>' +
    '<path d="M14.200 15.100l-2.100-2.100 1.100-1.100 1 1 2.600-2.600 1.100 1.100z"/></g></svg>'
});

export const markIcons: { readonly [mark in Mark]: LabIcon } = {
  /** Sliders. */
  parameters: drawn(
    'parameters',
    '<path d="M4 6h8v2H4zM17 6h3v2h-3zM4 11h2v2H4zM11 11h9v2h-9zM4 16h8v2H4zM17 16h3v2h-3z"/><path d="M13 4h3v6h-3zM7 9h3v6H7zM13 14h3v6h-3z"/>'
  ),
  /** A flask. */
  test: drawn(
    'test',
    '<path d="M8 3h8v2h-1v4.500l4.700 8.600A2 2 0 0 1 18 21H6a2 2 0 0 1-1.700-2.900L9 9.500V5H8zm3 2v5l-2.200 4h6.400L13 10V5z" fill-rule="evenodd"/>'
  ),
  /** A pencil. */
  scratch: drawn(
    'scratch',
    '<path d="M3 17.250V21h3.750L17.810 9.940l-3.750-3.750zM20.710 7.040a1 1 0 0 0 0-1.410l-2.340-2.340a1 1 0 0 0-1.410 0l-1.830 1.830 3.750 3.750z"/>'
  ),
  /** Columns of a table. */
  'feature-view': drawn(
    'feature-view',
    '<path d="M3 4h18v16H3zm2 5v9h3.300V9zm5.300 0v9h3.400V9zm5.400 0v9H19V9z" fill-rule="evenodd"/>'
  )
};
