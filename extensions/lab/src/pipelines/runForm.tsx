/**
 * What a run is given: values, environment, and how it is run.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Field, JsonValue, Pipeline, Run, StartRun } from '../api';
import type { StudioFault } from '../fault';
import { Form, type Values } from '../ui';

export interface IRunFormProps {
  trans: TranslationBundle;
  pipeline: Pipeline;
  environments: readonly string[];
  /** The run that is shown: its values can be taken over. */
  run: Run | null;
  busy: boolean;
  start: (request: Omit<StartRun, 'name'>) => Promise<StudioFault | null>;
  cancel: () => void;
}

/** The form; Enter starts. */
export function RunForm(props: IRunFormProps): JSX.Element {
  const { trans, pipeline, run } = props;
  const [values, setValues] = React.useState<Values>({});
  const [environment, setEnvironment] = React.useState('dev');
  const [jobs, setJobs] = React.useState('');
  const [force, setForce] = React.useState(false);
  const [problems, setProblems] = React.useState<{ [name: string]: string }>({});
  const first = React.useRef<HTMLDivElement>(null);
  const notes = React.useMemo(() => notesOf(trans, pipeline.fields), [trans, pipeline.fields]);
  const others = Object.keys(values).filter(
    name => !pipeline.fields.some(field => field.name === name)
  );

  React.useEffect(() => {
    first.current?.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
  }, []);

  const start = async (): Promise<void> => {
    setProblems({});
    const count = Number.parseInt(jobs, 10);
    const fault = await props.start({
      values: values as { [name: string]: JsonValue },
      environment,
      force,
      jobs: Number.isNaN(count) ? null : count
    });
    setProblems(fault?.byField() ?? {});
  };

  return (
    <section className="studio-RunForm" aria-label={trans.__('Run %1', pipeline.name)}>
      <header className="studio-Beside-head">
        <h3>{trans.__('Run %1', pipeline.name)}</h3>
      </header>
      <div className="studio-RunForm-body" ref={first}>
        {run && Object.keys(run.given).length ? (
          <button type="button" className="studio-Link" onClick={() => setValues({ ...run.given })}>
            {trans.__('Take the values of run %1', run.run)}
          </button>
        ) : null}
        {others.map(name => (
          <div className="studio-RunForm-other" key={name}>
            <code>{`${name} = ${String(values[name])}`}</code>
            <button
              type="button"
              className="studio-Link"
              aria-label={trans.__('Remove %1', name)}
              onClick={() => setValues(without(values, name))}
            >
              {trans.__('Remove')}
            </button>
          </div>
        ))}
        <div className="studio-RunForm-how">
          <label>
            <span>{trans.__('Environment')}</span>
            <select
              className="studio-Input"
              value={environment}
              onChange={event => setEnvironment(event.target.value)}
            >
              {props.environments.map(name => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>{trans.__('Steps at the same time')}</span>
            <input
              className="studio-Input"
              type="number"
              min={1}
              value={jobs}
              placeholder={trans.__('as in studio.toml')}
              onChange={event => setJobs(event.target.value)}
            />
          </label>
          <label className="studio-mod-flag">
            <input
              type="checkbox"
              checked={force}
              onChange={event => setForce(event.target.checked)}
            />
            <span>{trans.__('Run every step, reuse none')}</span>
          </label>
        </div>
        {pipeline.fields.length === 0 ? (
          <p className="studio-RunForm-none">{trans.__('Its notebooks take no parameters.')}</p>
        ) : null}
        <Form
          trans={trans}
          label={trans.__('Parameters of %1', pipeline.name)}
          schema={pipeline.json_schema}
          notes={notes}
          values={values}
          problems={problems}
          disabled={props.busy}
          onChange={setValues}
          onSubmit={() => void start()}
        >
          <button type="submit" className="studio-Button studio-mod-main" disabled={props.busy}>
            {trans.__('Start')}
          </button>
          <button type="button" className="studio-Button" onClick={props.cancel}>
            {trans.__('Cancel')}
          </button>
        </Form>
      </div>
    </section>
  );
}

/** The fields with what a person wants to know beside the help: which steps take the value. */
function notesOf(trans: TranslationBundle, fields: readonly Field[]): Field[] {
  return fields.map(field => ({
    ...field,
    help: [field.help, trans.__('for %1', field.steps.join(', '))].filter(Boolean).join(' · ')
  }));
}

function without(values: Values, name: string): Values {
  return Object.fromEntries(Object.entries(values).filter(([one]) => one !== name));
}
