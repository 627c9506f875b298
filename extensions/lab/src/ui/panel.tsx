/**
 * A panel of Studio in JupyterLab: React inside a boundary, told when it comes into sight and goes out of it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { ErrorBoundary } from './boundary';

export interface IPanelOptions {
  id: string;
  /** What the panel is called: its label, and the subject of what went wrong in it. */
  title: string;
  icon: LabIcon;
  trans: TranslationBundle;
  /** What it shows; `visible` is false while it is behind others. */
  content: (visible: boolean) => JSX.Element;
  /** Whether the tab shows the title beside the icon (main area); else it is the icon's caption (side bars). */
  label?: boolean;
}

/** Draw it anew with `update()`. */
export class Panel extends ReactWidget {
  private readonly _options: IPanelOptions;

  constructor(options: IPanelOptions) {
    super();
    this._options = options;
    this.id = options.id;
    this.addClass('studio-Panel');
    this.title.icon = options.icon;
    this.title.caption = options.title;
    this.title.closable = options.label ?? false;
    if (options.label) {
      this.title.label = options.title;
      this.node.tabIndex = -1;
    }
    this.node.setAttribute('aria-label', options.title);
    this.node.setAttribute('role', 'region');
  }

  protected override render(): JSX.Element {
    const { trans, title, content } = this._options;
    return (
      <ErrorBoundary trans={trans} title={title}>
        {content(this.isVisible)}
      </ErrorBoundary>
    );
  }

  /** What is in front in the main area holds the focus: by that Lab knows which widget is the current one. */
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this._options.label && !this.node.contains(document.activeElement)) {
      this.node.focus();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }
}
