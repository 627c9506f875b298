/**
 * The evidence of a submission: tests, measures, contracts, figures and checks, each as the server gives them.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Empty } from '../ui';
import type { ICase, IContract, IFigure, IMetric, IReview } from './facts';
import { isOwnImage } from './harmless';

interface IEvidenceProps {
  review: IReview;
  trans: TranslationBundle;
  showCell: (number: number) => void;
}

const FAILED = new Set(['failed', 'error']);

export function failedCases(cases: readonly ICase[]): ICase[] {
  return cases.filter(one => FAILED.has(one.status));
}

export function Tests(props: IEvidenceProps): JSX.Element {
  const { review, trans } = props;
  const failed = failedCases(review.cases);
  const passed = review.cases.filter(one => one.status === 'passed');
  const other = review.cases.filter(one => !FAILED.has(one.status) && one.status !== 'passed');
  if (!review.cases.length) {
    return <Nothing text={trans.__('No test was passed or failed: there are none.')} />;
  }
  return (
    <div className="studio-Review-evidence">
      <p>
        {failed.length
          ? trans.__('%1 of %2 tests did not pass.', failed.length, review.cases.length)
          : trans.__('No test failed.')}
      </p>
      {failed.map((one, at) => (
        <Case key={at} one={one} {...props} open />
      ))}
      {other.map((one, at) => (
        <Case key={at} one={one} {...props} />
      ))}
      <Folded
        title={trans._n('%1 test passed', '%1 tests passed', passed.length)}
        count={passed.length}
      >
        <table className="studio-Review-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Test')}</th>
              <th scope="col">{trans.__('Kind')}</th>
              <th scope="col">{trans.__('Of')}</th>
              <th scope="col" className="studio-mod-number">
                {trans.__('Seconds')}
              </th>
            </tr>
          </thead>
          <tbody>
            {passed.map((one, at) => (
              <tr key={at}>
                <td>{one.name}</td>
                <td>{one.rung}</td>
                <td>{one.subject}</td>
                <td className="studio-mod-number">{one.seconds.toFixed(2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Folded>
    </div>
  );
}

function Case(props: IEvidenceProps & { one: ICase; open?: boolean }): JSX.Element {
  const { one, trans, review, showCell } = props;
  const words: { [status: string]: string } = {
    failed: trans.__('failed'),
    error: trans.__('error'),
    skipped: trans.__('skipped')
  };
  return (
    <article className={`studio-Review-case studio-mod-${one.status}`}>
      <h3>
        <span className={`studio-Review-mark studio-mod-${one.status}`}>
          {words[one.status] ?? one.status}
        </span>{' '}
        {one.name}
      </h3>
      <p className="studio-Review-quiet">
        {one.rung} · {one.subject}
        {one.cell !== null && one.subject === review.subject ? (
          <button type="button" className="studio-Link" onClick={() => showCell(one.cell!)}>
            {trans.__('cell %1', one.cell)}
          </button>
        ) : null}
      </p>
      {one.message ? <p className="studio-Review-said">{one.message}</p> : null}
      {one.detail ? (
        <details open={props.open}>
          <summary>{trans.__('Detail')}</summary>
          <pre tabIndex={0}>{one.detail}</pre>
        </details>
      ) : null}
    </article>
  );
}

export function Measures({ review, trans }: IEvidenceProps): JSX.Element {
  if (!review.metrics.length) {
    const text = review.run
      ? trans.__('The run that is the evidence measured nothing.')
      : trans.__('There is no run of this content yet, so nothing was measured.');
    return <Nothing text={text} />;
  }
  return (
    <div className="studio-Review-evidence">
      {review.sampled ? (
        <p>{trans.__('Measured on samples: there is no run of this content on all data.')}</p>
      ) : null}
      <table className="studio-Review-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Measure')}</th>
            <th scope="col" className="studio-mod-number">
              {trans.__('Before')}
            </th>
            <th scope="col" className="studio-mod-number">
              {trans.__('Now')}
            </th>
            <th scope="col" className="studio-mod-number">
              {trans.__('Change')}
            </th>
            <th scope="col">{trans.__('Direction')}</th>
          </tr>
        </thead>
        <tbody>
          {review.metrics.map(metric => (
            <tr key={metric.name}>
              <th scope="row">{metric.name}</th>
              <td className="studio-mod-number">{number(metric.old)}</td>
              <td className="studio-mod-number">{number(metric.new)}</td>
              <td className="studio-mod-number">{change(metric)}</td>
              <td className={`studio-Review-direction studio-mod-${metric.direction}`}>
                {directionWord(metric, trans)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A number as people read it: five significant digits, and no more zeros than needed. */
export function number(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(5)));
}

export function change(metric: IMetric): string {
  if (metric.absolute === null) {
    return '–';
  }
  const sign = metric.absolute > 0 ? '+' : '';
  const share =
    metric.relative === null ? '' : ` (${sign}${Number((metric.relative * 100).toPrecision(3))} %)`;
  return `${sign}${number(metric.absolute)}${share}`;
}

function directionWord(metric: IMetric, trans: TranslationBundle): string {
  const words: { [direction: string]: string } = {
    up: `▲ ${trans.__('up')}`,
    down: `▼ ${trans.__('down')}`,
    same: `= ${trans.__('same')}`,
    new: `+ ${trans.__('new')}`,
    gone: `− ${trans.__('gone')}`,
    unknown: `? ${trans.__('unknown')}`
  };
  return words[metric.direction] ?? metric.direction;
}

export function Contracts({ review, trans }: IEvidenceProps): JSX.Element {
  if (!review.contracts.length) {
    return <Nothing text={trans.__('No dataset of this content has a contract.')} />;
  }
  return (
    <div className="studio-Review-evidence">
      {review.contracts.map(contract => (
        <Contract key={contract.name} contract={contract} trans={trans} />
      ))}
    </div>
  );
}

function Contract(props: { contract: IContract; trans: TranslationBundle }): JSX.Element {
  const { contract, trans } = props;
  const words: { [status: string]: string } = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    changed: trans.__('changed'),
    unchanged: trans.__('unchanged')
  };
  return (
    <article className="studio-Review-case">
      <h3>
        <span className={`studio-Review-mark studio-mod-${contract.status}`}>
          {words[contract.status] ?? contract.status}
        </span>{' '}
        {contract.name}
      </h3>
      {contract.words.length ? (
        <ul>
          {contract.words.map((word, at) => (
            <li key={at}>{word}</li>
          ))}
        </ul>
      ) : null}
      {contract.text ? (
        <details>
          <summary>{trans.__('The file, line by line')}</summary>
          <pre tabIndex={0}>
            {contract.text.split('\n').map((line, at) => (
              <span key={at} className={lineClass(line)}>
                {line}
                {'\n'}
              </span>
            ))}
          </pre>
        </details>
      ) : null}
    </article>
  );
}

function lineClass(line: string): string | undefined {
  return { '+': 'studio-mod-added', '-': 'studio-mod-removed' }[line[0]];
}

export function Figures(props: IEvidenceProps): JSX.Element {
  const { review, trans } = props;
  if (!review.figures.length) {
    return <Nothing text={trans.__('No cell made a figure.')} />;
  }
  const same = review.figures.filter(figure => figure.status === 'same');
  const other = review.figures.filter(figure => figure.status !== 'same');
  return (
    <div className="studio-Review-evidence">
      {other.length ? null : <p>{trans.__('No figure changed.')}</p>}
      {other.map((figure, at) => (
        <Figure key={at} figure={figure} {...props} />
      ))}
      <Folded
        title={trans._n('%1 figure did not change', '%1 figures did not change', same.length)}
        count={same.length}
      >
        {same.map((figure, at) => (
          <Figure key={at} figure={figure} {...props} />
        ))}
      </Folded>
    </div>
  );
}

function Figure(props: IEvidenceProps & { figure: IFigure }): JSX.Element {
  const { figure, trans, showCell } = props;
  const same = figure.status === 'same';
  const side = (source: string | null, label: string, none = false): JSX.Element => (
    <figure>
      <figcaption>{label}</figcaption>
      {isOwnImage(source) ? (
        <img src={source} alt={trans.__('%1: figure of cell %2', label, figure.cell)} />
      ) : (
        <p className="studio-Review-quiet">
          {none ? trans.__('There is none.') : trans.__('It cannot be shown.')}
        </p>
      )}
    </figure>
  );
  return (
    <article className="studio-Review-case">
      <h3>
        <span className={`studio-Review-mark studio-mod-${figure.status}`}>
          {figureWord(figure, trans)}
        </span>{' '}
        <button type="button" className="studio-Link" onClick={() => showCell(figure.cell)}>
          {trans.__('cell %1', figure.cell)}
        </button>
      </h3>
      <div className="studio-Review-figures">
        {same ? (
          side(figure.new ?? figure.old, trans.__('Before and now'))
        ) : (
          <>
            {side(figure.old, trans.__('Before'), figure.status === 'added')}
            {side(figure.new, trans.__('Now'), figure.status === 'removed')}
          </>
        )}
      </div>
    </article>
  );
}

function figureWord(figure: IFigure, trans: TranslationBundle): string {
  const words: { [status: string]: string } = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    changed: trans.__('changed'),
    same: trans.__('same')
  };
  return words[figure.status] ?? figure.status;
}

export function Checks({ review, trans }: IEvidenceProps): JSX.Element {
  if (!review.findings.length) {
    return <Nothing text={trans.__('The checks found nothing.')} />;
  }
  return (
    <ul className="studio-Review-evidence studio-Review-findings">
      {review.findings.map((finding, at) => (
        <li key={at}>{finding}</li>
      ))}
    </ul>
  );
}

/** A list that is long and seldom looked at: made when it is opened. */
function Folded(props: {
  title: string;
  count: number;
  children: React.ReactNode;
}): JSX.Element | null {
  const [open, setOpen] = React.useState(false);
  if (!props.count) {
    return null;
  }
  return (
    <details
      className="studio-Review-folded"
      onToggle={event => setOpen((event.currentTarget as HTMLDetailsElement).open)}
    >
      <summary>{props.title}</summary>
      {open ? props.children : null}
    </details>
  );
}

function Nothing(props: { text: string }): JSX.Element {
  return <Empty title={props.text} />;
}
