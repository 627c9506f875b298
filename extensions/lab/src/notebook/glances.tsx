/**
 * What each section says in its heading, also when it is folded away.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { NotebookState } from '../api';
import { StatusBadge } from '../ui';
import type { IShownCase } from './results';

export type Glances = {
  [name in 'status' | 'parameters' | 'data' | 'checks' | 'tests']: React.ReactNode;
};

/** All of them. */
export function glances(
  state: NotebookState,
  cases: readonly IShownCase[],
  trans: TranslationBundle
): Glances {
  const loads = new Set(state.datasets.filter(one => one.verb === 'load').map(one => one.name))
    .size;
  const saves = new Set(state.datasets.filter(one => one.verb === 'save').map(one => one.name))
    .size;
  const wrong = state.datasets.some(one => one.problem !== '');
  const { parameters, findings } = state;
  return {
    status: state.state ? <StatusBadge status={state.state.status} trans={trans} /> : null,
    parameters: parameters.problem ? <Wrong trans={trans} /> : parameters.fields.length || null,
    data:
      wrong || state.problems.datasets ? (
        <Wrong trans={trans} />
      ) : (
        [loads && trans.__('%1 loaded', loads), saves && trans.__('%1 saved', saves)]
          .filter(Boolean)
          .join(' · ')
      ),
    checks: state.problems.findings ? (
      <Wrong trans={trans} />
    ) : findings.length > 0 ? (
      <StatusBadge
        status="problem"
        tone="warn"
        trans={trans}
        text={trans._n('%1 finding', '%1 findings', findings.length)}
      />
    ) : (
      <StatusBadge status="passed" trans={trans} text={trans.__('sound')} />
    ),
    tests: state.problems.tests ? (
      <Wrong trans={trans} />
    ) : (
      <TestsGlance cases={cases} trans={trans} />
    )
  };
}

function Wrong(props: { trans: TranslationBundle }): JSX.Element {
  return <StatusBadge status="problem" trans={props.trans} text={props.trans.__('problem')} />;
}

function TestsGlance(props: {
  cases: readonly IShownCase[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { cases, trans } = props;
  const count = (...statuses: string[]): number =>
    cases.filter(one => statuses.includes(one.status)).length;
  if (cases.length === 0) {
    return null;
  }
  if (cases.some(one => one.awaited)) {
    return <StatusBadge status="running" trans={trans} />;
  }
  const bad = count('failed', 'error');
  if (bad > 0) {
    return (
      <StatusBadge
        status="failed"
        trans={trans}
        text={trans.__('%1 of %2 not passed', bad, cases.length)}
      />
    );
  }
  const open = count('not run');
  if (open > 0) {
    return (
      <StatusBadge
        status="not run"
        trans={trans}
        text={trans.__('%1 of %2 not run', open, cases.length)}
      />
    );
  }
  const doubtful = cases.some(one => one.doubtful);
  return (
    <StatusBadge
      status="passed"
      tone={doubtful ? 'plain' : undefined}
      trans={trans}
      text={
        doubtful
          ? trans.__('%1 before an edit', count('passed'))
          : trans.__('%1 passed', count('passed'))
      }
    />
  );
}
