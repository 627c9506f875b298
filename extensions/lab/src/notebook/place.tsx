/**
 * A link to a cell of the notebook.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { INotebookModel } from './model';
import type { ICellPlace } from './open';

export interface ICellLinkProps {
  model: INotebookModel;
  trans: TranslationBundle;
  place: ICellPlace;
  /** Another text than `Cell 3, line 2`. */
  text?: string;
}

/** The link; plain text where the place is the notebook as a whole. */
export function CellLink(props: ICellLinkProps): JSX.Element {
  const { model, place, trans } = props;
  const text = props.text ?? placeText(place, trans);
  if (place.number < 1 && !place.id) {
    return <span>{text}</span>;
  }
  return (
    <button
      type="button"
      className="studio-Link"
      title={trans.__('Show %1 in the notebook', placeText(place, trans))}
      onClick={() => void model.jump(place)}
    >
      {text}
    </button>
  );
}

/** A place in words. */
export function placeText(place: ICellPlace, trans: TranslationBundle): string {
  if (place.number < 1) {
    return trans.__('Notebook');
  }
  return place.line
    ? trans.__('Cell %1, line %2', place.number, place.line)
    : trans.__('Cell %1', place.number);
}
