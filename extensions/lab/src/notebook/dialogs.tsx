/**
 * What Studio's notebook panel asks and tells a person; tests answer for them.
 */
import { Dialog, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** Asks and tells. */
export interface IDialogs {
  /** Whether the person agrees; `loses` says that something is lost then. */
  confirm(title: string, text: string, accept: string, loses?: boolean): Promise<boolean>;
  /** What the person writes; null where they give up. */
  ask(asked: IAskedText): Promise<string | null>;
  /** Say something that needs no answer. */
  tell(text: string, kind?: 'info' | 'success' | 'warning' | 'error'): void;
}

export interface IAskedText {
  title: string;
  /** What stands above the field. */
  text: string;
  /** What the field is called. */
  label: string;
  placeholder: string;
  accept: string;
}

/** Lab's own dialogs and notifications. */
export class Dialogs implements IDialogs {
  private readonly _trans: TranslationBundle;

  constructor(trans: TranslationBundle) {
    this._trans = trans;
  }

  async confirm(title: string, body: string, accept: string, loses = false): Promise<boolean> {
    const agree = loses ? Dialog.warnButton({ label: accept }) : Dialog.okButton({ label: accept });
    const { button } = await showDialog({ title, body, buttons: [this._cancel(), agree] });
    return button.accept;
  }

  async ask(asked: IAskedText): Promise<string | null> {
    const { button, value } = await showDialog({
      title: asked.title,
      body: new TextBody(asked),
      buttons: [this._cancel(), Dialog.okButton({ label: asked.accept })],
      focusNodeSelector: 'textarea'
    });
    return button.accept ? (value ?? '') : null;
  }

  tell(text: string, kind: 'info' | 'success' | 'warning' | 'error' = 'info'): void {
    Notification.emit(text, kind, {
      autoClose: kind === 'error' || kind === 'warning' ? false : 4000
    });
  }

  private _cancel(): Dialog.IButton {
    return Dialog.cancelButton({ label: this._trans.__('Cancel') });
  }
}

/** A text of several lines; Enter begins a new one, Ctrl Enter is for the dialog. */
class TextBody extends ReactWidget implements Dialog.IBodyWidget<string> {
  private readonly _asked: IAskedText;
  private _text = '';

  constructor(asked: IAskedText) {
    super();
    this._asked = asked;
    this.addClass('studio-TextBody');
  }

  getValue(): string {
    return this._text.trim();
  }

  protected override render(): JSX.Element {
    const { text, label, placeholder } = this._asked;
    return (
      <>
        <p>{text}</p>
        <label>
          {label}
          <textarea
            className="studio-Input"
            rows={4}
            placeholder={placeholder}
            onChange={event => {
              this._text = event.target.value;
            }}
            onKeyDown={event => {
              // Lab's dialogs take Enter for their default button.
              if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
                event.stopPropagation();
              }
            }}
          />
        </label>
      </>
    );
  }
}
