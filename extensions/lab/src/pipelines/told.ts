/**
 * What a command that has no panel of its own has to say.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { StudioFault } from '../fault';

/** Show a sentence, or an error with its next step, until it was read. */
export async function told(trans: TranslationBundle, reason: unknown): Promise<void> {
  const fault =
    typeof reason === 'string' ? new StudioFault(0, { message: reason }) : StudioFault.of(reason);
  const places = fault.problems.map(problem => problem.message);
  const next = fault.next ? trans.__('Next: %1', fault.next) : '';
  await showDialog({
    title: trans.__('Studio'),
    body: [fault.message, ...places, next].filter(Boolean).join('\n'),
    buttons: [Dialog.okButton({ label: trans.__('OK') })]
  });
}
