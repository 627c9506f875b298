/**
 * The tests of the notebook: run one, or all, and see what came of them.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ago, Empty, exactly, Fault, lasting, StatusBadge } from '../../ui';
import type { ISectionContent } from '../content';
import { CellLink } from '../place';
import { Progress } from '../progress';
import type { IShownCase } from '../results';

/** Tests that are shown at once. */
const SHOWN = 200;

/** The section "Tests". */
export function TestsSection(props: ISectionContent): JSX.Element {
  const { model, state, trans, doing } = props;
  const [all, setAll] = React.useState(false);
  const course = model.course('test');
  const busy = doing.busy || (course !== null && !course.ended);
  const { cases } = model;
  const test = (names: readonly string[], rungs?: []): void =>
    void doing.run(() => model.test(names, rungs));
  return (
    <>
      {cases.length === 0 ? (
        <Empty title={trans.__('The notebook has no tests.')}>
          <p>
            {trans.__(
              'Write functions that begin with test_ in a code cell, and mark the cell as test.'
            )}
          </p>
        </Empty>
      ) : null}
      <ul className="studio-List" aria-label={trans.__('Tests')}>
        {(all ? cases : cases.slice(0, SHOWN)).map(one => (
          <li key={`${one.rung} ${one.name}`} className="studio-Item">
            <TestRow {...props} found={one} busy={busy} test={test} />
          </li>
        ))}
      </ul>
      {cases.length > SHOWN && !all ? (
        <button type="button" className="studio-Link" onClick={() => setAll(true)}>
          {trans.__('Show all %1', cases.length)}
        </button>
      ) : null}
      {state.tests.tested ? (
        <p className="studio-Line studio-mod-quiet">
          {trans.__('All rungs were climbed with this content')}{' '}
          <time dateTime={state.tests.tested} title={exactly(state.tests.tested, trans)}>
            {ago(state.tests.tested, trans)}
          </time>
        </p>
      ) : null}
      <div className="studio-Buttons">
        <button
          type="button"
          className="studio-Button"
          disabled={busy || cases.length === 0}
          title={trans.__('Saves the notebook, then runs its tests in fresh kernels')}
          onClick={() => test([])}
        >
          {trans.__('Run all tests')}
        </button>
        <button
          type="button"
          className="studio-Button"
          disabled={busy}
          title={trans.__(
            'Saves the notebook; then a run on samples, its tests, contracts and gates, as a submission does'
          )}
          onClick={() => test([], [])}
        >
          {trans.__('Climb all rungs')}
        </button>
      </div>
      {doing.fault ? <Fault fault={doing.fault} trans={trans} /> : null}
      {course ? (
        <Progress
          course={course}
          title={trans.__('Tests')}
          trans={trans}
          stop={() => void doing.run(() => model.stop('test'))}
          forget={() => model.forget('test')}
        />
      ) : null}
    </>
  );
}

interface ITestRowProps extends ISectionContent {
  found: IShownCase;
  busy: boolean;
  test: (names: readonly string[]) => void;
}

function TestRow(props: ITestRowProps): JSX.Element {
  const { model, trans, found, busy } = props;
  const place = { id: found.cell_id, number: found.cell ?? 0, line: found.line ?? undefined };
  const more = found.detail !== '' || found.output !== '';
  return (
    <>
      <div className="studio-Item-head">
        <CaseBadge found={found} trans={trans} />
        {place.number > 0 || place.id ? (
          <CellLink model={model} trans={trans} place={place} text={found.name} />
        ) : (
          <span>{found.name}</span>
        )}
        <span className="studio-Item-time">
          {found.seconds > 0 ? lasting(found.seconds, trans) : ''}
        </span>
        {found.rung === 'code' ? (
          <button
            type="button"
            className="studio-Link studio-Item-act"
            disabled={busy}
            aria-label={trans.__('Run %1', found.name)}
            onClick={() => props.test([found.name])}
          >
            {trans.__('Run')}
          </button>
        ) : (
          <code className="studio-Item-rule">{found.rung}</code>
        )}
      </div>
      {found.message ? <p className="studio-Line">{found.message}</p> : null}
      {more ? (
        <details className="studio-Details">
          <summary>{trans.__('Details')}</summary>
          <pre tabIndex={0}>{[found.detail, found.output].filter(Boolean).join('\n')}</pre>
        </details>
      ) : null}
    </>
  );
}

/** What came of a test. */
export function CaseBadge(props: { found: IShownCase; trans: TranslationBundle }): JSX.Element {
  const { found, trans } = props;
  if (found.awaited) {
    return <StatusBadge status="waiting" trans={trans} />;
  }
  const title = found.doubtful ? trans.__('It ran before the latest edit') : undefined;
  const text = found.doubtful ? trans.__('%1, before an edit', wordFor(found, trans)) : undefined;
  return (
    <StatusBadge
      status={found.status}
      trans={trans}
      title={title}
      text={text}
      tone={found.doubtful ? 'plain' : undefined}
    />
  );
}

function wordFor(found: IShownCase, trans: TranslationBundle): string {
  const words: { [status: string]: string } = {
    passed: trans.__('passed'),
    failed: trans.__('failed'),
    error: trans.__('error'),
    skipped: trans.__('skipped')
  };
  return words[found.status] ?? found.status;
}
