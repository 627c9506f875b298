/**
 * Pages that others serve behind Jupyter, in frames of the main area: MLflow's, and apps.
 */
import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { IFrame, MainAreaWidget, ToolbarButton, WidgetTracker } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, launchIcon, refreshIcon } from '@jupyterlab/ui-components';

import type { App } from '../api';
import { CommandIDs } from '../commands';
import { appIcon, mlflowIcon } from '../icons';

/** Pages of this very server, behind its token. */
const SANDBOX: IFrame.SandboxExceptions[] = [
  'allow-same-origin',
  'allow-scripts',
  'allow-forms',
  'allow-popups',
  'allow-downloads',
  'allow-modals'
];

interface IPage {
  /** By what it is found again. */
  readonly id: string;
  readonly title: string;
  readonly address: string;
  readonly icon: LabIcon;
}

type Framed = MainAreaWidget<IFrame>;

/** What is known of the apps; empty until the server told. */
export interface IApps {
  all: readonly App[];
}

/** Add the commands. */
export function addPages(
  app: JupyterFrontEnd,
  known: IApps,
  trans: TranslationBundle,
  restorer: ILayoutRestorer | null
): void {
  const { commands, serviceManager } = app;
  const mlflow = URLExt.join(serviceManager.serverSettings.baseUrl, 'mlflow/');
  const pages = new WidgetTracker<Framed>({ namespace: 'studio-mlflow' });
  const apps = new WidgetTracker<Framed>({ namespace: 'studio-apps' });

  commands.addCommand(CommandIDs.openMlflow, {
    label: trans.__('MLflow'),
    caption: trans.__('The record of all runs, in MLflow’s own pages'),
    icon: mlflowIcon,
    execute: args =>
      show(app, pages, trans, {
        id: 'studio-mlflow',
        title: trans.__('MLflow'),
        address: own(String(args['address'] ?? ''), mlflow),
        icon: mlflowIcon
      })
  });
  commands.addCommand(CommandIDs.openApp, {
    label: args => known.all.find(one => one.name === args['name'])?.title ?? trans.__('Open App'),
    caption: args => known.all.find(one => one.name === args['name'])?.description ?? '',
    icon: appIcon,
    isVisible: args => Boolean(args['name']),
    execute: args => {
      const one = known.all.find(found => found.name === args['name']);
      const address = own(String(args['address'] ?? one?.address ?? ''), '');
      if (!address) {
        return null;
      }
      const name = String(args['name']);
      const title = String(args['title'] ?? one?.title ?? name);
      return show(app, apps, trans, { id: `studio-app-${name}`, title, address, icon: appIcon });
    }
  });
  if (restorer) {
    void restorer.restore(pages, { command: CommandIDs.openMlflow, name: () => 'mlflow' });
    void restorer.restore(apps, {
      command: CommandIDs.openApp,
      args: widget => ({
        name: widget.id.replace('studio-app-', ''),
        title: widget.title.label,
        address: widget.content.url
      }),
      name: widget => widget.id
    });
  }
}

/** An address of this host; `fallback` for every other, which is not shown in a frame. */
function own(address: string, fallback: string): string {
  const url = new URL(address || fallback || '/', window.location.href);
  return address && url.origin === window.location.origin ? url.href : fallback;
}

/** Show the page; the frame that has it already comes to the front. */
async function show(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<Framed>,
  trans: TranslationBundle,
  page: IPage
): Promise<Framed> {
  let widget = tracker.find(one => one.id === page.id);
  if (!widget) {
    widget = framed(page, trans);
    app.shell.add(widget, 'main', { type: 'Studio' });
    await tracker.add(widget);
  } else if (widget.content.url !== page.address) {
    widget.content.url = page.address;
  }
  app.shell.activateById(widget.id);
  return widget;
}

function framed(page: IPage, trans: TranslationBundle): Framed {
  const content = new IFrame({ sandbox: SANDBOX, referrerPolicy: 'same-origin' });
  content.url = page.address;
  content.node.querySelector('iframe')?.setAttribute('title', page.title);
  const widget = new MainAreaWidget({ content });
  widget.id = page.id;
  widget.title.label = page.title;
  widget.title.icon = page.icon;
  widget.title.closable = true;
  widget.addClass('studio-Frame');
  const reload = (): void => {
    content.url = `${content.url ?? ''}`;
  };
  widget.toolbar.addItem(
    'reload',
    new ToolbarButton({
      icon: refreshIcon,
      tooltip: trans.__('Load this page again'),
      onClick: reload
    })
  );
  widget.toolbar.addItem(
    'own-tab',
    new ToolbarButton({
      icon: launchIcon,
      tooltip: trans.__('Open in a tab of the browser'),
      onClick: () => void window.open(content.url ?? '', '_blank', 'noopener')
    })
  );
  return widget;
}
