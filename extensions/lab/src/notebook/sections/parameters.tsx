/**
 * The typed parameters as a form: what is given is written into the parameters cell, or is what a run is started with.
 */
import * as React from 'react';

import type { JsonValue, Parameters } from '../../api';
import { Fault, Form, type Values } from '../../ui';
import type { ISectionContent } from '../content';
import { CellLink } from '../place';
import { Progress } from '../progress';

/** The section "Parameters". */
export function ParametersSection(props: ISectionContent): JSX.Element {
  const { model, state, trans, doing, links } = props;
  const { parameters } = state;
  const [values, setValues] = React.useState<Values>({});
  const [told, setTold] = React.useState('');
  // What has become the default is no longer a value that was given.
  React.useEffect(() => setValues(given => differing(given, parameters)), [parameters]);
  React.useEffect(() => setTold(''), [values]);

  const course = model.course('run');
  const underway = course !== null && !course.ended;
  const problems = doing.fault?.byField() ?? {};
  const placed = parameters.fields.some(field => field.name in problems);
  const write = async (): Promise<void> => {
    if (await doing.run(() => model.write(values))) {
      setTold(trans.__('Written into the parameters cell. Save the notebook to keep it.'));
    }
  };
  const start = (): void => void doing.run(() => model.run(values));
  const place = { id: parameters.cell_id, number: parameters.cell };
  return (
    <>
      {parameters.problem ? (
        <p className="studio-Line studio-mod-wrong">
          {parameters.problem}{' '}
          {parameters.cell > 0 ? <CellLink model={model} trans={trans} place={place} /> : null}
        </p>
      ) : null}
      {parameters.cell === 0 && !parameters.problem ? (
        <p className="studio-Line studio-mod-quiet">
          {trans.__(
            'The notebook has no parameters cell, so nothing in it can be set from outside.'
          )}{' '}
          <button type="button" className="studio-Link" onClick={props.insertParameters}>
            {trans.__('Insert one')}
          </button>
        </p>
      ) : null}
      <Form
        trans={trans}
        label={trans.__('Parameters of the notebook')}
        schema={parameters.json_schema}
        notes={parameters.fields}
        values={values}
        onChange={setValues}
        problems={problems}
        disabled={doing.busy}
        onSubmit={() => void write()}
      >
        {parameters.fields.length > 0 ? (
          <button
            type="submit"
            className="studio-Button"
            disabled={doing.busy || Object.keys(values).length === 0}
          >
            {trans.__('Write into the notebook')}
          </button>
        ) : null}
        <button
          type="button"
          className="studio-Button"
          title={trans.__(
            'Saves the notebook, then runs it in a program of its own; what it makes is recorded'
          )}
          disabled={doing.busy || underway}
          onClick={start}
        >
          {Object.keys(values).length > 0
            ? trans.__('Run with these values')
            : trans.__('Run the notebook')}
        </button>
        {parameters.cell > 0 ? (
          <CellLink model={model} trans={trans} place={place} text={trans.__('Show the cell')} />
        ) : null}
      </Form>
      {told && model.notebook.dirty ? (
        <p className="studio-Line" role="status">
          {told}
        </p>
      ) : null}
      {doing.fault && !placed ? <Fault fault={doing.fault} trans={trans} /> : null}
      {course ? (
        <Progress
          course={course}
          title={trans.__('Run')}
          trans={trans}
          stop={() => void doing.run(() => model.stop('run'))}
          forget={() => model.forget('run')}
        >
          {course.run ? (
            <button
              type="button"
              className="studio-Link"
              onClick={() => void doing.run(() => links.run(course.run))}
            >
              {trans.__('Open run %1', course.run)}
            </button>
          ) : null}
        </Progress>
      ) : null}
    </>
  );
}

/** The values that are not what holds anyway; what is no parameter (any more) is left out. */
function differing(values: Values, parameters: Parameters): Values {
  const kept = Object.entries(values).filter(([name, value]) => {
    const field = parameters.fields.find(one => one.name === name);
    return field !== undefined && (field.required || !same(value, field.default));
  });
  return kept.length === Object.keys(values).length ? values : Object.fromEntries(kept);
}

function same(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
