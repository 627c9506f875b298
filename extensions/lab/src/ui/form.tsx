/**
 * Typed parameters as a form. It holds no rule: what is typed goes to the server, whose sentences appear at the fields.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JsonValue } from '../api';
import { Control } from './control';
import { fieldsOf, type IField, type IFieldNote } from './fields';

/** The values that were given; a field that is left out keeps its default. */
export type Values = { readonly [name: string]: JsonValue };

export interface IFormProps {
  trans: TranslationBundle;
  /** What the form is for, for who hears it. */
  label: string;
  /** JSON Schema of an object. */
  schema: { [key: string]: any };
  /** What a route says of the fields beside the schema; their order is the form's. */
  notes?: readonly IFieldNote[];
  values: Values;
  onChange: (values: Values) => void;
  /** A sentence for a field, by its name: what the server said. */
  problems?: { readonly [name: string]: string };
  disabled?: boolean;
  /** What is done on Enter, and by the buttons in `children`. */
  onSubmit?: () => void;
  /** Buttons. */
  children?: React.ReactNode;
}

/** The form. */
export function Form(props: IFormProps): JSX.Element {
  const { trans, values, onChange, problems = {}, disabled = false } = props;
  const fields = React.useMemo(
    () => fieldsOf(props.schema, props.notes),
    [props.schema, props.notes]
  );
  const set = (name: string, value: JsonValue): void => onChange({ ...values, [name]: value });
  const reset = (name: string): void => {
    onChange(Object.fromEntries(Object.entries(values).filter(([one]) => one !== name)));
  };
  return (
    <form
      className="studio-Form"
      aria-label={props.label}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        if (!disabled) {
          props.onSubmit?.();
        }
      }}
    >
      {fields.map(field => (
        <FieldRow
          key={field.name}
          field={field}
          given={field.name in values}
          value={field.name in values ? values[field.name] : field.default}
          problem={problems[field.name] ?? ''}
          disabled={disabled}
          trans={trans}
          set={value => set(field.name, value)}
          reset={() => reset(field.name)}
        />
      ))}
      {props.children ? <div className="studio-Form-buttons">{props.children}</div> : null}
    </form>
  );
}

interface IFieldRowProps {
  field: IField;
  given: boolean;
  value: JsonValue | undefined;
  problem: string;
  disabled: boolean;
  trans: TranslationBundle;
  set: (value: JsonValue) => void;
  reset: () => void;
}

function FieldRow(props: IFieldRowProps): JSX.Element {
  const { field, given, value, problem, disabled, trans, set, reset } = props;
  const id = React.useId();
  const hint = hintOf(field, trans);
  const none = value === null && field.nullable;
  const described = [field.help || hint ? `${id}-help` : '', problem ? `${id}-problem` : '']
    .filter(Boolean)
    .join(' ');
  return (
    <div
      className={`studio-Field ${problem ? 'studio-mod-wrong' : ''} ${given ? 'studio-mod-given' : ''}`}
    >
      <div className="studio-Field-head">
        <label htmlFor={id} className="studio-Field-name">
          {field.name}
          {field.required ? (
            <span
              className="studio-Field-required"
              title={trans.__('must be given')}
              aria-hidden="true"
            >
              *
            </span>
          ) : null}
        </label>
        {field.annotation ? (
          <code className="studio-Field-type" title={field.annotation}>
            {field.annotation}
          </code>
        ) : null}
        {given ? (
          <button
            type="button"
            className="studio-Field-reset"
            disabled={disabled}
            title={resetTitle(field, trans)}
            aria-label={`${field.name}: ${resetTitle(field, trans)}`}
            onClick={reset}
          >
            {trans.__('Reset')}
          </button>
        ) : null}
      </div>
      <div className="studio-Field-control">
        <Control
          id={id}
          field={field}
          value={none ? undefined : value}
          disabled={disabled || none}
          invalid={problem !== ''}
          described={described}
          trans={trans}
          set={set}
        />
        {field.nullable ? (
          <label className="studio-Field-none">
            <input
              type="checkbox"
              checked={none}
              disabled={disabled}
              aria-label={trans.__('%1: no value', field.name)}
              onChange={event => (event.target.checked ? set(null) : set(startOf(field)))}
            />
            {trans.__('none')}
          </label>
        ) : null}
      </div>
      {field.help || hint ? (
        <p id={`${id}-help`} className="studio-Field-help">
          {[field.help, hint].filter(Boolean).join(' · ')}
        </p>
      ) : null}
      {problem ? (
        <p id={`${id}-problem`} className="studio-Field-problem" role="alert">
          {problem}
        </p>
      ) : null}
    </div>
  );
}

/** What a field starts with that had no value. */
function startOf(field: IField): JsonValue {
  if (field.default !== undefined && field.default !== null) {
    return field.default;
  }
  return field.kind === 'flag' ? false : field.kind === 'choice' ? field.choices[0] : '';
}

function resetTitle(field: IField, trans: TranslationBundle): string {
  return field.required
    ? trans.__('Empty this field')
    : trans.__('Back to the default: %1', JSON.stringify(field.default));
}

/** What fits, in words. */
function hintOf(field: IField, trans: TranslationBundle): string {
  const {
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    multipleOf,
    minLength,
    maxLength,
    pattern
  } = field.bounds;
  const hints: string[] = [];
  if (minimum !== undefined && maximum !== undefined) {
    hints.push(trans.__('from %1 to %2', minimum, maximum));
  } else if (minimum !== undefined) {
    hints.push(trans.__('at least %1', minimum));
  } else if (maximum !== undefined) {
    hints.push(trans.__('at most %1', maximum));
  }
  if (exclusiveMinimum !== undefined) {
    hints.push(trans.__('more than %1', exclusiveMinimum));
  }
  if (exclusiveMaximum !== undefined) {
    hints.push(trans.__('less than %1', exclusiveMaximum));
  }
  if (multipleOf !== undefined) {
    hints.push(trans.__('a multiple of %1', multipleOf));
  }
  if (minLength !== undefined) {
    hints.push(trans.__('at least %1 characters', minLength));
  }
  if (maxLength !== undefined) {
    hints.push(trans.__('at most %1 characters', maxLength));
  }
  if (pattern !== undefined) {
    hints.push(trans.__('of the form %1', pattern));
  }
  if (field.kind === 'secret') {
    hints.push(trans.__('the name of an environment variable that holds the secret'));
  }
  return hints.join(', ');
}
