/**
 * One part of the panel: a heading that folds it away, what it has to say at a glance, and a boundary around its content.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ErrorBoundary } from '../ui';

export interface ISectionProps {
  /** What it is called in the code: whether it is folded is remembered by that. */
  name: string;
  title: string;
  trans: TranslationBundle;
  /** What stands in the heading beside the title. */
  glance?: React.ReactNode;
  /** Sections that are folded away. */
  folded: ReadonlySet<string>;
  fold: (name: string, folded: boolean) => void;
  /** A failed section is drawn again when this changes. */
  subject: unknown;
  children: React.ReactNode;
}

/** The section. */
export function Section(props: ISectionProps): JSX.Element {
  const { name, title, trans } = props;
  const id = React.useId();
  const folded = props.folded.has(name);
  const Caret = folded ? caretRightIcon : caretDownIcon;
  return (
    <section className="studio-Section" aria-labelledby={`${id}-title`} data-studio-section={name}>
      <h3 className="studio-Section-heading">
        <button
          type="button"
          className="studio-Section-fold"
          id={`${id}-title`}
          aria-expanded={!folded}
          aria-controls={`${id}-content`}
          onClick={() => props.fold(name, !folded)}
        >
          <Caret.react tag="span" className="studio-Section-caret" aria-hidden="true" />
          <span className="studio-Section-title">{title}</span>
          {props.glance ? <span className="studio-Section-glance">{props.glance}</span> : null}
        </button>
      </h3>
      <div id={`${id}-content`} className="studio-Section-content" hidden={folded}>
        {folded ? null : (
          <ErrorBoundary trans={trans} title={title} subject={props.subject}>
            {props.children}
          </ErrorBoundary>
        )}
      </div>
    </section>
  );
}
