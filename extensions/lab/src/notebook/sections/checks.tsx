/**
 * What the checks found, with the way to each place and to mending it.
 */
import * as React from 'react';

import type { Finding } from '../../api';
import { Empty, Fault } from '../../ui';
import type { ISectionContent } from '../content';
import { CellLink } from '../place';

/** Findings that are shown at once. */
const SHOWN = 100;

/** The section "Checks". */
export function ChecksSection(props: ISectionContent): JSX.Element {
  const { model, state, trans, doing } = props;
  const [fixed, setFixed] = React.useState<readonly string[]>([]);
  const [all, setAll] = React.useState(false);
  const fix = (rules: readonly string[]): void =>
    void doing.run(async () => setFixed((await model.fix(rules)) ?? []));
  const { findings } = state;
  const fixable = findings.filter(one => one.fixable).length;
  return (
    <>
      {findings.length === 0 ? <Empty title={trans.__('No problem was found.')} /> : null}
      <ul className="studio-List" aria-label={trans.__('Findings')}>
        {(all ? findings : findings.slice(0, SHOWN)).map((finding, index) => (
          <li key={index} className="studio-Item">
            <FindingRow {...props} finding={finding} fix={fix} />
          </li>
        ))}
      </ul>
      {findings.length > SHOWN && !all ? (
        <button type="button" className="studio-Link" onClick={() => setAll(true)}>
          {trans.__('Show all %1', findings.length)}
        </button>
      ) : null}
      <div className="studio-Buttons">
        {fixable > 0 ? (
          <button
            type="button"
            className="studio-Button"
            disabled={doing.busy}
            onClick={() => fix([])}
          >
            {trans.__('Fix all that is safe (%1)', fixable)}
          </button>
        ) : null}
        <button
          type="button"
          className="studio-Button"
          disabled={doing.busy || model.busy}
          title={trans.__('Saves the notebook first')}
          onClick={() => void doing.run(() => model.check())}
        >
          {trans.__('Check again')}
        </button>
      </div>
      {fixed.length > 0 ? (
        <div role="status">
          <ul className="studio-Sentences" aria-label={trans.__('What was mended')}>
            {fixed.map((sentence, index) => (
              <li key={index}>{sentence}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {doing.fault ? <Fault fault={doing.fault} trans={trans} /> : null}
    </>
  );
}

function FindingRow(
  props: ISectionContent & { finding: Finding; fix: (rules: readonly string[]) => void }
): JSX.Element {
  const { model, trans, doing, finding } = props;
  const place = { id: finding.cell_id, number: finding.cell, line: finding.line };
  return (
    <>
      <div className="studio-Item-head">
        <CellLink model={model} trans={trans} place={place} />
        <code className="studio-Item-rule">{finding.rule}</code>
        {finding.fixable ? (
          <button
            type="button"
            className="studio-Link studio-Item-act"
            disabled={doing.busy}
            title={trans.__('Mend everything that the rule %1 found here', finding.rule)}
            aria-label={trans.__('Fix %1', finding.rule)}
            onClick={() => props.fix([finding.rule])}
          >
            {trans.__('Fix')}
          </button>
        ) : null}
      </div>
      <p className="studio-Line">{finding.message}</p>
      {finding.fix ? (
        <p className="studio-Line studio-mod-quiet">{trans.__('Next: %1', finding.fix)}</p>
      ) : null}
    </>
  );
}
