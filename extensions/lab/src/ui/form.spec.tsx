import { nullTranslator } from '@jupyterlab/translation';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import { faultsOf } from '../testing/accessible';
import { fieldsOf } from './fields';
import { Form, type IFormProps, type Values } from './form';

const trans = nullTranslator.load('');

const SCHEMA = {
  type: 'object',
  $defs: { Kind: { enum: ['linear', 'forest'], type: 'string' } },
  properties: {
    source: { type: 'string', default: 'data/a.csv', description: 'where the rows are' },
    rows: { type: 'integer', minimum: 1, maximum: 100, default: 5 },
    rate: { type: 'number', exclusiveMinimum: 0, default: 0.5 },
    kind: { $ref: '#/$defs/Kind', default: 'linear' },
    when: { type: 'string', format: 'date', default: '2026-01-02' },
    at: { type: 'string', format: 'date-time', default: '2026-01-02T03:04:00+01:00' },
    most: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }], default: null },
    quick: { type: 'boolean', default: true },
    columns: { type: 'array', items: { type: 'string' }, default: ['a'] },
    key: { type: 'string', writeOnly: true, default: 'KEY' },
    need: { type: 'integer' }
  },
  required: ['need']
};

function Held(props: Partial<IFormProps> & { told: (values: Values) => void }): JSX.Element {
  const [values, setValues] = React.useState<Values>(props.values ?? {});
  const change = (now: Values): void => {
    setValues(now);
    props.told(now);
  };
  return (
    <Form
      trans={trans}
      label="Parameters"
      schema={SCHEMA}
      {...props}
      values={values}
      onChange={change}
    />
  );
}

function shown(props: Partial<IFormProps> = {}): { last: () => Values; container: HTMLElement } {
  let last: Values = {};
  const { container } = render(<Held {...props} told={values => (last = values)} />);
  return { last: () => last, container };
}

describe('fields', () => {
  it('are read from the schema, references and null included', () => {
    const kinds = Object.fromEntries(fieldsOf(SCHEMA).map(field => [field.name, field.kind]));
    expect(kinds).toEqual({
      source: 'text',
      rows: 'integer',
      rate: 'number',
      kind: 'choice',
      when: 'date',
      at: 'datetime',
      most: 'integer',
      quick: 'flag',
      columns: 'json',
      key: 'secret',
      need: 'integer'
    });
    expect(
      fieldsOf(SCHEMA)
        .filter(field => field.nullable)
        .map(field => field.name)
    ).toEqual(['most']);
  });

  it('keep the order of what the route says of them', () => {
    const notes = [
      { name: 'rate', help: 'the share', annotation: 'float' },
      { name: 'token', secret: true, required: true }
    ];
    const [rate, token] = fieldsOf(SCHEMA, notes);
    expect(rate).toMatchObject({ help: 'the share', kind: 'number', default: 0.5 });
    expect(token).toMatchObject({ kind: 'secret', required: true, default: undefined });
  });
});

describe('a form', () => {
  it('shows defaults, and gives only what was changed', async () => {
    const { last } = shown();
    const rows = screen.getByLabelText('rows');
    expect(rows).toHaveValue('5');
    await userEvent.clear(rows);
    await userEvent.type(rows, '12');
    expect(last()).toEqual({ rows: 12 });
    await userEvent.selectOptions(screen.getByLabelText('kind'), 'forest');
    await userEvent.click(screen.getByLabelText('quick'));
    expect(last()).toEqual({ rows: 12, kind: 'forest', quick: false });
    await userEvent.click(screen.getByRole('button', { name: 'rows: Back to the default: 5' }));
    expect(last()).toEqual({ kind: 'forest', quick: false });
    expect(screen.getByLabelText('rows')).toHaveValue('5');
  });

  it('lets a number be typed digit by digit, and keeps what is no number as it was typed', async () => {
    const { last } = shown();
    const rate = screen.getByLabelText('rate');
    await userEvent.clear(rate);
    await userEvent.type(rate, '1.50');
    expect(rate).toHaveValue('1.50');
    expect(last()).toEqual({ rate: 1.5 });
    await userEvent.type(rate, 'x');
    expect(last()).toEqual({ rate: '1.50x' });
  });

  it('takes lists as JSON', async () => {
    const { last } = shown();
    const columns = screen.getByLabelText('columns');
    await userEvent.clear(columns);
    await userEvent.type(columns, '[["a", "b"]');
    expect(last()).toEqual({ columns: ['a', 'b'] });
    await userEvent.type(columns, ' and more');
    expect(last()).toEqual({ columns: '["a", "b"] and more' });
  });

  it('takes none where none is a value', async () => {
    const { last } = shown();
    const none = screen.getByLabelText('most: no value');
    expect(none).toBeChecked();
    expect(screen.getByLabelText('most')).toBeDisabled();
    await userEvent.click(none);
    await userEvent.type(screen.getByLabelText('most'), '7');
    expect(last()).toEqual({ most: 7 });
    await userEvent.click(none);
    expect(last()).toEqual({ most: null });
  });

  it('shows a time that the browser has no control for as text', () => {
    shown();
    expect(screen.getByLabelText('at')).toHaveAttribute('type', 'text');
    expect(screen.getByLabelText('when')).toHaveAttribute('type', 'date');
  });

  it("shows the server's sentence at the field", () => {
    shown({ problems: { rows: 'It must be at most 100, and is 120.' } });
    const rows = screen.getByLabelText('rows');
    expect(rows).toHaveAttribute('aria-invalid', 'true');
    expect(rows).toHaveAccessibleDescription(/at most 100, and is 120/);
    expect(screen.getByLabelText('source')).toHaveAccessibleDescription('where the rows are');
  });

  it('is submitted with Enter', async () => {
    const submitted = jest.fn();
    shown({ onSubmit: submitted, children: <button type="submit">Run</button> });
    await userEvent.type(screen.getByRole('textbox', { name: 'source' }), '{Enter}');
    expect(submitted).toHaveBeenCalledTimes(1);
  });

  it('can be used by everybody', async () => {
    const { container } = shown({ problems: { rows: 'no' }, values: { rows: 3 } });
    expect(await faultsOf(container)).toEqual([]);
    const form = screen.getByRole('form', { name: 'Parameters' });
    expect(within(form).getByLabelText(/^need/)).toHaveAttribute('aria-required', 'true');
  });
});
