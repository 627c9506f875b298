/**
 * How far an activity has come, and how it ended.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { StatusBadge } from '../ui';
import { decided, fallen, type ICourse } from './course';

export interface IProgressProps {
  course: ICourse;
  trans: TranslationBundle;
  /** What goes on, such as "Tests". */
  title: string;
  stop: () => void;
  forget: () => void;
  /** Links to what came of it. */
  children?: React.ReactNode;
}

/** The progress. */
export function Progress(props: IProgressProps): JSX.Element {
  const { course, trans, title } = props;
  const words = glanceOf(course, trans);
  const box = React.useRef<HTMLDivElement>(null);
  // It begins below the button that started it, which may be at the edge of the panel.
  React.useEffect(() => {
    void box.current?.scrollIntoView?.({ block: 'nearest' }); // some browsers answer with a promise
  }, [course.activity.id]);
  return (
    <div
      ref={box}
      className={`studio-Progress ${course.ended ? 'studio-mod-ended' : ''}`}
      role="group"
      aria-label={title}
    >
      <div className="studio-Progress-head">
        <StatusBadge status={course.status} trans={trans} />
        <span className="studio-Progress-title">{title}</span>
        <button
          type="button"
          className="studio-Link"
          onClick={course.ended ? props.forget : props.stop}
        >
          {course.ended ? trans.__('Dismiss') : trans.__('Stop')}
        </button>
      </div>
      {course.ended ? null : (
        <progress
          className="studio-Progress-bar"
          aria-label={title}
          max={course.total || 1}
          value={course.total > 0 ? course.done : undefined}
        />
      )}
      {words ? <p className="studio-Progress-text">{words}</p> : null}
      {course.said ? <p className="studio-Progress-text">{course.said}</p> : null}
      {props.children}
    </div>
  );
}

/** What goes on now, in few words. */
export function glanceOf(course: ICourse, trans: TranslationBundle): string {
  const parts: string[] = [];
  if (!course.ended && course.step) {
    parts.push(
      course.total > 0
        ? trans.__('%1: cell %2 of %3', course.step, course.done, course.total)
        : trans.__('%1 runs', course.step)
    );
  }
  if (!course.ended && decided(course) > 0) {
    parts.push(trans._n('%1 test decided', '%1 tests decided', decided(course)));
  }
  if (!course.ended && fallen(course) > 0) {
    parts.push(trans.__('%1 not passed', fallen(course)));
  }
  return parts.join(' · ');
}

/** What is said aloud: steps and the end, not every cell. */
export function spokenOf(course: ICourse, title: string, trans: TranslationBundle): string {
  if (course.ended) {
    return `${title}: ${course.said || course.status}`;
  }
  return course.step ? trans.__('%1: %2 runs', title, course.step) : trans.__('%1: running', title);
}
