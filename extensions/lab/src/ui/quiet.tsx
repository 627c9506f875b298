/**
 * What stands where there is nothing to show: nothing yet, or nothing at all.
 */
import * as React from 'react';

/** Nothing is there: says so, and what would put something there. */
export function Empty(props: { title: string; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="studio-Empty">
      <p className="studio-Empty-title">{props.title}</p>
      {props.children ? <div className="studio-Empty-text">{props.children}</div> : null}
    </div>
  );
}

/** Milliseconds before a wait is worth a word: what is there sooner would only flicker. */
const SOON = 250;

/** Something is read or done. */
export function Busy(props: { text: string }): JSX.Element {
  const [shown, setShown] = React.useState(false);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setShown(true), SOON);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div className="studio-Busy" role="status">
      {shown ? (
        <>
          <span className="studio-Busy-mark" aria-hidden="true" />
          <span>{props.text}</span>
        </>
      ) : null}
    </div>
  );
}
