/**
 * The pieces of Home: sections, rows, times.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ago, exactly } from '../ui';

/** A heading with what stands below it. */
export function Section(props: {
  title: string;
  count?: number;
  children: React.ReactNode;
}): JSX.Element {
  const id = React.useId();
  return (
    <section className="studio-Home-section" aria-labelledby={id}>
      <h3 id={id}>
        {props.title}
        {props.count ? <span className="studio-Home-count"> {props.count}</span> : null}
      </h3>
      {props.children}
    </section>
  );
}

export interface IRowProps {
  title: string;
  badge?: React.ReactNode;
  text?: string;
  when?: React.ReactNode;
  /** Where it leads to; without it the row is text. */
  open?: () => void;
  /** Another name for who hears it. */
  label?: string;
  /** The title is a sentence, not a name. */
  plain?: boolean;
}

/** One row; a button where it leads somewhere. */
export function Row(props: IRowProps): JSX.Element {
  const { title, badge, text, when, open, label, plain = false } = props;
  const inside = (
    <>
      <span className="studio-Home-row-head">
        <span className={plain ? 'studio-Home-row-sentence' : 'studio-Home-row-title'}>
          {title}
        </span>
        {badge}
      </span>
      {text || when ? (
        <span className="studio-Home-row-foot">
          {text ? <span className="studio-Home-row-text">{text}</span> : null}
          {when}
        </span>
      ) : null}
    </>
  );
  return (
    <li className="studio-Home-item">
      {open ? (
        <button
          type="button"
          className="studio-Home-row"
          aria-label={label}
          title={[title, text].filter(Boolean).join('\n')}
          onClick={open}
        >
          {inside}
        </button>
      ) : (
        <div className="studio-Home-row">{inside}</div>
      )}
    </li>
  );
}

/** How long ago, and exactly when on pointing. */
export function When(props: { time: string | null; trans: TranslationBundle }): JSX.Element | null {
  const { time, trans } = props;
  return time ? (
    <time className="studio-Home-when" dateTime={time} title={exactly(time, trans)}>
      {ago(time, trans)}
    </time>
  ) : null;
}

/** Draw anew every minute, for what says how long ago. */
export function useMinutes(): void {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const timer = window.setInterval(redraw, 60000);
    return () => window.clearInterval(timer);
  }, []);
}
