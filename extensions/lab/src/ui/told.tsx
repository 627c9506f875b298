/**
 * What a command that has no panel of its own has to say.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Fault } from './fault';

/** Show why something could not be done, until it was read. */
export async function tell(title: string, fault: unknown, trans: TranslationBundle): Promise<void> {
  await showDialog({
    title,
    body: ReactWidget.create(<Fault fault={fault} trans={trans} />),
    buttons: [Dialog.okButton({ label: trans.__('OK') })]
  });
}
