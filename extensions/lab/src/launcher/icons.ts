/**
 * One icon for each template: the same page, and what is done on it.
 */
import { LabIcon } from '@jupyterlab/ui-components';

import { appIcon, studioIcon } from '../icons';

const PAGE = '<path d="M5 2h9l5 5v15H5zM7 4v16h10V8h-4V4z" fill-rule="evenodd"/>';
const MARKS: { [template: string]: string } = {
  exploration:
    '<path d="M11.500 10a3 3 0 0 1 2.450 4.730l1.850 1.850-1.060 1.060-1.850-1.850A3 3 0 1 1 11.500 10zm0 1.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3z"/>',
  ingestion: '<path d="M11.250 9h1.500v4h1.750L12 16l-2.500-3h1.750zM8.500 16.800h7v1.500h-7z"/>',
  preparation: '<path d="M8.500 10h7l-2.700 3.400V18l-1.600-1.200v-3.400z"/>',
  features:
    '<path d="M8.500 10h2v8h-2zM11.500 12.500h2V18h-2zM14.500 11h2v7h-2z" transform="translate(-.5)"/>',
  training:
    '<path d="m8.500 16.300 2.300-2.500 1.600 1.500 2.100-2.700-1-.8 3-1.100.1 3.200-1-.7-3 3.800-1.700-1.600-1.400 1.500z"/>',
  evaluation:
    '<path d="M12 10a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 1.400a2.600 2.600 0 1 0 0 5.200 2.600 2.600 0 0 0 0-5.200zm0 1.500a1.100 1.100 0 1 1 0 2.200 1.100 1.100 0 0 1 0-2.200z"/>',
  scoring:
    '<path d="m8.300 12 .9-.9 1 1 1.900-1.900.9.9-2.800 2.800zM8.300 16l.9-.9 1 1 1.900-1.900.9.9L10.200 17.900zM14 11.200h2v1.300h-2zM14 15.200h2v1.300h-2z"/>',
  supervision:
    '<path d="M8 13.500h1.700l1.200-3 1.900 5.400 1.100-2.400H16v1.300h-1.300l-2 3.700-1.900-5.300-.3.600H8z"/>'
};

const icons = new Map(
  Object.entries(MARKS).map(([template, mark]) => [
    template,
    new LabIcon({
      name: `@notebook-studio/lab:template-${template}`,
      svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161">${PAGE}${mark}</g></svg>`
    })
  ])
);
icons.set('app', appIcon);

/** The icon of a template; Studio's for one that has none. */
export function templateIcon(template: string): LabIcon {
  return icons.get(template) ?? studioIcon;
}
