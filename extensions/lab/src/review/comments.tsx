/**
 * What people said, and saying something: under a cell, or about the whole.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Fault, useDoing } from '../ui';
import type { IComment, IPermission } from './facts';
import { When } from './when';

interface ICommentListProps {
  comments: readonly IComment[];
  trans: TranslationBundle;
  /** Shows the cell on which a comment hangs; left out under the cell itself. */
  showCell?: (number: number) => void;
}

export function CommentList({ comments, trans, showCell }: ICommentListProps): JSX.Element | null {
  if (!comments.length) {
    return null;
  }
  return (
    <ul className="studio-Review-comments">
      {comments.map((comment, at) => (
        <li key={at} className="studio-Review-comment">
          <div className="studio-Review-commentHead">
            <strong>{comment.author}</strong> <When time={comment.time} trans={trans} />
            {showCell && comment.cell !== null ? (
              <button type="button" className="studio-Link" onClick={() => showCell(comment.cell!)}>
                {trans.__('cell %1', comment.cell)}
              </button>
            ) : null}
            <Fate comment={comment} trans={trans} />
          </div>
          <div className="studio-Review-said">{comment.text}</div>
        </li>
      ))}
    </ul>
  );
}

/** What became of the cell since. */
function Fate(props: { comment: IComment; trans: TranslationBundle }): JSX.Element | null {
  const { comment, trans } = props;
  const words: { [status: string]: string } = {
    edited: trans.__('the cell was edited since'),
    gone: trans.__('the cell is gone')
  };
  const text = words[comment.status];
  return text ? <span className="studio-Review-fate">{text}</span> : null;
}

interface ISayProps {
  label: string;
  trans: TranslationBundle;
  say: (text: string) => Promise<void>;
  /** Called when it was said, or when nothing is to be said after all. */
  done?: () => void;
  focused?: boolean;
}

/** A field for a comment. Ctrl-Enter sends it, Escape puts it away. */
export function Say(props: ISayProps): JSX.Element {
  const { trans, done } = props;
  const [text, setText] = React.useState('');
  const doing = useDoing();
  const field = React.useRef<HTMLTextAreaElement>(null);
  const id = React.useId();

  React.useEffect(() => {
    if (props.focused) {
      field.current?.focus();
    }
  }, []);

  const send = async (): Promise<void> => {
    if (text.trim() && (await doing.run(() => props.say(text)))) {
      setText('');
      done?.();
    }
  };

  const press = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void send();
    } else if (event.key === 'Escape' && done) {
      event.stopPropagation();
      done();
    }
  };

  return (
    <form
      className="studio-Review-say"
      onSubmit={event => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={press}
    >
      <label htmlFor={id}>{props.label}</label>
      <textarea
        id={id}
        ref={field}
        className="studio-Input studio-Review-field"
        rows={2}
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <Fault fault={doing.fault} trans={trans} />
      <div className="studio-Review-buttons">
        {done ? (
          <button type="button" className="studio-Button" onClick={done}>
            {trans.__('Cancel')}
          </button>
        ) : null}
        <button
          type="submit"
          className="studio-Button studio-mod-main"
          disabled={doing.busy || !text.trim()}
        >
          {trans.__('Comment')}
        </button>
      </div>
    </form>
  );
}

/** Why somebody may not do something, and what to do instead. */
export function Reason(props: { permission: IPermission; trans: TranslationBundle }): JSX.Element {
  const { permission, trans } = props;
  return (
    <p className="studio-Review-reason">
      {permission.reason}
      {permission.next ? ' ' + trans.__('Next: %1', permission.next) : ''}
    </p>
  );
}
