/**
 * The control of one field. What cannot be read as the field's type is kept as the text that was typed.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JsonValue } from '../api';
import { type IField, meant, shown } from './fields';

export interface IControlProps {
  id: string;
  field: IField;
  value: JsonValue | undefined;
  disabled: boolean;
  invalid: boolean;
  /** Ids of what describes it. */
  described: string;
  trans: TranslationBundle;
  set: (value: JsonValue) => void;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATETIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;

/** The control. */
export function Control(props: IControlProps): JSX.Element {
  const { id, field, value, disabled, invalid, described, set } = props;
  const common = {
    id,
    disabled,
    'aria-invalid': invalid || undefined,
    'aria-required': field.required || undefined,
    'aria-describedby': described || undefined
  };
  if (field.kind === 'flag' && typeof (value ?? false) === 'boolean' && !field.required) {
    return (
      <input
        {...common}
        type="checkbox"
        checked={value === true}
        onChange={event => set(event.target.checked)}
      />
    );
  }
  if (field.kind === 'choice' || field.kind === 'flag') {
    return <Choice {...props} common={common} />;
  }
  if (field.kind === 'json') {
    return <Json {...props} common={common} />;
  }
  return <Line {...props} common={common} />;
}

type Common = { common: { [key: string]: unknown } };

function Line(props: IControlProps & Common): JSX.Element {
  const { field, trans } = props;
  const [text, type] = useTyped(props);
  return (
    <input
      {...props.common}
      type={typeFor(field, text)}
      step={field.kind === 'datetime' ? 1 : undefined}
      inputMode={
        field.kind === 'integer' ? 'numeric' : field.kind === 'number' ? 'decimal' : undefined
      }
      autoComplete="off"
      spellCheck={false}
      placeholder={field.kind === 'secret' ? trans.__('NAME_OF_A_VARIABLE') : undefined}
      value={text}
      onChange={event => type(event.target.value)}
    />
  );
}

/** A browser's own date controls show nothing for a text that they cannot read, such as one with a time zone. */
function typeFor(field: IField, text: string): string {
  if (field.kind === 'date' && (text === '' || DATE.test(text))) {
    return 'date';
  }
  return field.kind === 'datetime' && (text === '' || DATETIME.test(text))
    ? 'datetime-local'
    : 'text';
}

function Choice(props: IControlProps & Common): JSX.Element {
  const { field, value, trans, set } = props;
  const choices: readonly JsonValue[] = field.kind === 'flag' ? [true, false] : field.choices;
  const place = choices.findIndex(choice => choice === value);
  return (
    <select
      {...props.common}
      value={place}
      onChange={event => set(choices[Number(event.target.value)])}
    >
      {place < 0 ? (
        <option value={-1} disabled>
          {value === undefined || value === null ? trans.__('choose …') : String(value)}
        </option>
      ) : null}
      {choices.map((choice, index) => (
        <option key={index} value={index}>
          {typeof choice === 'string' ? choice : JSON.stringify(choice)}
        </option>
      ))}
    </select>
  );
}

/** Lists and tables, as JSON. */
function Json(props: IControlProps & Common): JSX.Element {
  const [text, type] = useTyped(props);
  return (
    <textarea
      {...props.common}
      rows={Math.min(6, text.split('\n').length + 1)}
      spellCheck={false}
      value={text}
      onChange={event => type(event.target.value)}
    />
  );
}

/** What is typed stays as it is typed (`1.` on the way to `1.5`), until another value comes from outside. */
function useTyped(props: IControlProps): [string, (text: string) => void] {
  const { field, value, set } = props;
  const outside = shown(field, value);
  const [typed, setTyped] = React.useState(outside);
  const same = typed === '' ? outside === '' : outside === shown(field, meant(field, typed));
  const type = (text: string): void => {
    setTyped(text);
    set(meant(field, text));
  };
  return [same ? typed : outside, type];
}
