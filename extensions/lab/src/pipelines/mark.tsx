/**
 * The mark of a status: a shape of its own for each, so that nobody has to tell colours apart.
 */
import * as React from 'react';

import type { Status } from './states';

const SHAPES: { [status in Status]: JSX.Element } = {
  'would run': <path d="M5.5 3.5v9l7-4.5z" />,
  'would be reused': <path d="M12 5.5A5 5 0 1 0 13 9M12.4 2.6v3h-3" />,
  undecided: <path d="M5.7 6.2a2.3 2.3 0 1 1 3.4 2c-.8.4-1.1.8-1.1 1.6M8 12.2v.3" />,
  waiting: <path d="M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M8 5v3.2l2 1.3" />,
  running: <path d="M8 2.5A5.5 5.5 0 1 1 2.5 8" />,
  completed: <path d="M3 8.5l3.3 3.3L13 4.8" />,
  reused: <path d="M12 5.5A5 5 0 1 0 13 9M12.4 2.6v3h-3" />,
  failed: <path d="M4 4l8 8M12 4l-8 8" />,
  killed: <path d="M4.5 4.5h7v7h-7z" />,
  'not run': <path d="M4 8h8" />,
  absent: <path d="M3.5 12.5l9-9" />
};

/** The class that gives a status its colour. */
export function statusClass(status: string): string {
  return `studio-mod-${status.replace(/ /g, '-')}`;
}

/** The mark; it is hidden from those who hear the page, because the word stands beside it. */
export const StatusMark = React.memo(function StatusMark(props: { status: string }): JSX.Element {
  return (
    <svg
      className={`studio-StatusMark ${statusClass(props.status)}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[props.status as Status] ?? null}
    </svg>
  );
});
