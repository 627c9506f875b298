/**
 * Studio's own icons, in the shapes and colours of JupyterLab's.
 */
import { LabIcon } from '@jupyterlab/ui-components';

const drawn = (paths: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161">${paths}</g></svg>`;

/** A notebook's page with a seal: what Studio is about. */
export const studioIcon = new LabIcon({
  name: '@notebook-studio/lab:studio',
  svgstr: drawn(
    '<path d="M5 3h11a2 2 0 0 1 2 2v5.1a6 6 0 0 0-2-.1V5H8v14h2.3a6 6 0 0 0 1.3 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"/>' +
      '<path d="M9.500 7h5v1.600h-5zM9.500 10.200h3v1.600h-3z"/>' +
      '<path d="M16 11.500a4.750 4.750 0 1 1 0 9.500 4.750 4.750 0 0 1 0-9.500zm2.600 2.700-3.500 3.500-1.600-1.600-1.050 1.050 2.650 2.650 4.550-4.550z"/>'
  )
});

/** Steps that lead to one another. */
export const pipelineIcon = new LabIcon({
  name: '@notebook-studio/lab:pipeline',
  svgstr: drawn(
    '<path d="M3 4h6v5H3zM15 9.500h6v5h-6zM3 15h6v5H3z"/><path d="M9 5.700h3.900v4.900H15v2.800h-2.100v4.900H9v-1.600h2.300V7.300H9z"/>'
  )
});

/** Lines that are linked: the ledger. */
export const ledgerIcon = new LabIcon({
  name: '@notebook-studio/lab:ledger',
  svgstr: drawn(
    '<path d="M8 5h13v2H8zM8 11h13v2H8zM8 17h13v2H8z"/><path d="M3 4h3v4H5.100v2H6v4H5.100v2H6v4H3v-4h.900v-2H3v-4h.900V8H3z"/>'
  )
});

/** A page that is looked at: reviews. */
export const reviewIcon = new LabIcon({
  name: '@notebook-studio/lab:review',
  svgstr: drawn(
    '<path d="M5 3h9l5 5v3.200a6 6 0 0 0-2-.900V9h-4V5H6v14h4.100a6 6 0 0 0 1.500 2H5a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z"/>' +
      '<path d="M15.500 11.500a4 4 0 0 1 3.300 6.250l2.700 2.700-1.250 1.250-2.700-2.700a4 4 0 1 1-2.050-7.500zm0 1.700a2.300 2.300 0 1 0 0 4.600 2.300 2.300 0 0 0 0-4.600z"/>'
  )
});

/** A small flask of measures: MLflow's pages. */
export const mlflowIcon = new LabIcon({
  name: '@notebook-studio/lab:mlflow',
  svgstr: drawn(
    '<path d="M4 20V4h2v14h15v2z"/><path d="M8 16V11h2.600v5zM12.200 16V7h2.600v9zM16.400 16V9.500H19V16z"/>'
  )
});

/** A page for somebody who does not program: an app. */
export const appIcon = new LabIcon({
  name: '@notebook-studio/lab:app',
  svgstr: drawn(
    '<path d="M3 4h18v16H3zM5 9v9h14V9z" fill-rule="evenodd"/><path d="M7 11h5v5H7zM14 11h3v1.600h-3zM14 14.400h3V16h-3z"/>'
  )
});
