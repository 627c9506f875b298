/**
 * What changed: in words first, then cell by cell as nbdime shows it, with the comments under their cells.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Busy, ErrorBoundary, Fault, useAsking } from '../ui';
import { commentsByCell, type IDiffedCell, stretches } from './cells';
import { CommentList, Reason, Say } from './comments';
import type { IDifferenceView } from './diffing';
import type { IComment, IReview } from './facts';
import { Hosted } from './hosted';

interface IChangesProps {
  review: IReview;
  trans: TranslationBundle;
  /** Asks for the difference, and loads what shows it. */
  load: () => Promise<{ view: IDifferenceView; labels: [string, string] }>;
  say: (text: string, cell: number) => Promise<void>;
  /** The cell to be brought into view, and which wish it is. */
  wanted: { cell: number; turn: number } | null;
}

export function Changes(props: IChangesProps): JSX.Element {
  const { review, trans } = props;
  const asked = useAsking(props.load, { key: review.submission });
  return (
    <div className="studio-Review-changes">
      <InWords review={review} trans={trans} />
      <Fault fault={asked.fault} trans={trans} again={asked.again} />
      {asked.value ? (
        <Cells {...props} view={asked.value.view} labels={asked.value.labels} />
      ) : asked.busy ? (
        <Busy text={trans.__('Comparing the notebooks …')} />
      ) : null}
    </div>
  );
}

function InWords(props: { review: IReview; trans: TranslationBundle }): JSX.Element {
  const { review, trans } = props;
  const contracts = review.contracts.filter(contract => contract.words.length);
  return (
    <section className="studio-Review-words" aria-label={trans.__('The changes in words')}>
      <p>
        {review.summary}
        {review.summary ? '. ' : ''}
        {review.fingerprint_changed
          ? trans.__('What runs is new or changed, so it needs an approval.')
          : trans.__('What runs is the same as before: the fingerprint did not change.')}
      </p>
      {review.changes.length ? (
        <ul>
          {review.changes.map((change, at) => (
            <li key={at}>{change}</li>
          ))}
        </ul>
      ) : null}
      {contracts.map(contract => (
        <div key={contract.name}>
          {trans.__('Contract %1:', contract.name)}
          <ul>
            {contract.words.map((word, at) => (
              <li key={at}>{word}</li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

interface ICellsProps extends IChangesProps {
  view: IDifferenceView;
  labels: [string, string];
}

function Cells(props: ICellsProps): JSX.Element {
  const { view, review, trans, wanted } = props;
  const [open, setOpen] = React.useState<ReadonlySet<number>>(new Set());
  const comments = commentsByCell(review.comments);
  const parts = stretches(view.cells, number => comments.has(number));
  const root = React.useRef<HTMLDivElement>(null);

  // A folded cell is unfolded first, and is there to be scrolled to afterwards.
  React.useEffect(() => {
    if (wanted) {
      const part = parts.find(one => one.cells.some(cell => cell.number === wanted.cell));
      if (part?.folded) {
        setOpen(old => new Set([...old, part.cells[0].key]));
      }
    }
  }, [wanted?.turn]);
  React.useEffect(() => {
    if (wanted) {
      const cell = root.current?.querySelector<HTMLElement>(`[data-cell="${wanted.cell}"]`);
      cell?.scrollIntoView({ block: 'start' });
      cell?.focus({ preventScroll: true });
    }
  }, [wanted?.turn, open]);

  const touched = view.cells.some(cell => cell.status !== 'unchanged');
  return (
    <div ref={root}>
      <div className="studio-Review-sides" aria-hidden="true">
        <span>{props.labels[0]}</span>
        <span>{props.labels[1]}</span>
      </div>
      {view.metadata ? <Hosted make={view.metadata} lines={2} /> : null}
      {touched ? null : (
        <p className="studio-Review-quiet">
          {trans.__('No cell differs from what it is compared with.')}
        </p>
      )}
      {parts.map(part => {
        const first = part.cells[0];
        const shown = !part.folded || open.has(first.key);
        return (
          <React.Fragment key={first.key}>
            {part.folded ? (
              <button
                type="button"
                className="studio-Review-fold"
                aria-expanded={shown}
                onClick={() => setOpen(old => toggled(old, first.key))}
              >
                {foldText(part.cells, trans)}
              </button>
            ) : null}
            {shown
              ? part.cells.map(cell => (
                  <Cell
                    key={cell.key}
                    cell={cell}
                    comments={cell.number === null ? [] : (comments.get(cell.number) ?? [])}
                    {...props}
                  />
                ))
              : null}
          </React.Fragment>
        );
      })}
    </div>
  );
}

function toggled(keys: ReadonlySet<number>, key: number): ReadonlySet<number> {
  const next = new Set(keys);
  if (!next.delete(key)) {
    next.add(key);
  }
  return next;
}

function foldText(cells: IDiffedCell[], trans: TranslationBundle): string {
  const first = cells[0].number;
  const last = cells[cells.length - 1].number;
  switch (cells.length) {
    case 1:
      return trans.__('Cell %1 is unchanged', first);
    case 2:
      return trans.__('Cells %1 and %2 are unchanged', first, last);
    default:
      return trans.__('Cells %1 to %2 are unchanged', first, last);
  }
}

interface ICellProps extends ICellsProps {
  cell: IDiffedCell;
  comments: readonly IComment[];
}

const Cell = React.memo(
  function Cell(props: ICellProps): JSX.Element {
    const { cell, comments, trans, review } = props;
    const [saying, setSaying] = React.useState(false);
    const button = React.useRef<HTMLButtonElement>(null);
    // The file of a pipeline is compared as the one cell of a notebook.
    const isFile = props.view.cells.every(one => one.model.cellType === 'raw');
    const name = isFile
      ? trans.__('The file')
      : cell.number === null
        ? trans.__('Removed cell')
        : trans.__('Cell %1', cell.number);
    const number = cell.number;
    return (
      <section
        className={`studio-Review-cell studio-mod-${cell.status}`}
        data-cell={number ?? undefined}
        aria-label={name}
        tabIndex={-1}
      >
        <header className="studio-Review-cellHead">
          <span className="studio-Review-cellName">{name}</span>
          <span className={`studio-Review-mark studio-mod-${cell.status}`}>
            {statusWord(cell, trans)}
          </span>
          <Tags cell={cell} trans={trans} />
          {number !== null ? (
            <button
              type="button"
              ref={button}
              className="studio-Link studio-Review-commentOn"
              aria-label={
                isFile ? trans.__('Comment on the file') : trans.__('Comment on cell %1', number)
              }
              disabled={!review.comment.allowed}
              title={review.comment.allowed ? undefined : review.comment.reason}
              onClick={() => setSaying(true)}
            >
              {trans.__('Comment')}
            </button>
          ) : null}
        </header>
        <ErrorBoundary trans={trans} title={name}>
          <Hosted make={() => props.view.show(cell)} lines={cell.lines} />
        </ErrorBoundary>
        <CommentList comments={comments} trans={trans} />
        {saying && number !== null ? (
          review.comment.allowed ? (
            <Say
              label={
                isFile
                  ? trans.__('Your comment on the file')
                  : trans.__('Your comment on cell %1', number)
              }
              trans={trans}
              focused
              say={text => props.say(text, number)}
              done={() => {
                setSaying(false);
                button.current?.focus();
              }}
            />
          ) : (
            <Reason permission={review.comment} trans={trans} />
          )
        ) : null}
      </section>
    );
  },
  (old, now) =>
    old.cell === now.cell &&
    old.review === now.review &&
    old.comments.length === now.comments.length
);

function statusWord(cell: IDiffedCell, trans: TranslationBundle): string {
  const words = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    changed: trans.__('changed'),
    unchanged: trans.__('unchanged')
  };
  return words[cell.status];
}

/** Tags change what a cell is for, so they are told where nbdime folds them away. */
function Tags(props: { cell: IDiffedCell; trans: TranslationBundle }): JSX.Element {
  const { cell, trans } = props;
  const kept = cell.tags.filter(tag => !cell.tagsAdded.includes(tag));
  return (
    <>
      {kept.map(tag => (
        <span key={tag} className="studio-Review-tag">
          {tag}
        </span>
      ))}
      {cell.tagsAdded.map(tag => (
        <span key={tag} className="studio-Review-tag studio-mod-added">
          {trans.__('+ tag %1', tag)}
        </span>
      ))}
      {cell.tagsRemoved.map(tag => (
        <span key={tag} className="studio-Review-tag studio-mod-removed">
          {trans.__('− tag %1', tag)}
        </span>
      ))}
    </>
  );
}
