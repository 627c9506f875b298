/**
 * A JSON Schema read as the fields of a form. It decides which control fits and which hints are shown; whether a value
 * is allowed is for the server to say.
 */
import type { JsonValue } from '../api';

/** The control that fits. */
export type FieldKind =
  'text' | 'integer' | 'number' | 'flag' | 'choice' | 'date' | 'datetime' | 'secret' | 'json';

export interface IField {
  readonly name: string;
  readonly kind: FieldKind;
  /** Its type, as the notebook writes it; "" where that is not known. */
  readonly annotation: string;
  readonly help: string;
  readonly required: boolean;
  /** What holds where nothing is given; undefined where there is no default. */
  readonly default: JsonValue | undefined;
  /** Whether `null` is a value. */
  readonly nullable: boolean;
  /** Of a choice. */
  readonly choices: readonly JsonValue[];
  /** Bounds, lengths and patterns, as the schema has them. */
  readonly bounds: Readonly<IBounds>;
}

export interface IBounds {
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
}

/** What a route says of a field beside the schema. */
export interface IFieldNote {
  name: string;
  annotation?: string;
  help?: string;
  required?: boolean;
  secret?: boolean;
  default?: JsonValue;
}

type Schema = { [key: string]: any };

const BOUNDS: (keyof IBounds)[] = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern'
];

/** The fields of an object's schema, in its order; `notes` override what the schema says, and may add fields. */
export function fieldsOf(schema: Schema, notes: readonly IFieldNote[] = []): IField[] {
  const properties: Schema = schema.properties ?? {};
  const required: string[] = schema.required ?? [];
  const noted = new Map(notes.map(note => [note.name, note]));
  const names = notes.length > 0 ? notes.map(note => note.name) : Object.keys(properties);
  return names.map(name => {
    const given: Schema = properties[name] ?? {};
    const note = noted.get(name);
    const { core, nullable } = unwrapped(given, schema.$defs ?? {});
    const needed = note?.required ?? required.includes(name);
    const fallback = given.default !== undefined ? given.default : note?.default;
    return {
      name,
      kind: note?.secret ? 'secret' : kindOf(core),
      annotation: note?.annotation ?? '',
      help: note?.help ?? given.description ?? core.description ?? '',
      required: needed,
      default: needed ? undefined : fallback,
      nullable,
      choices: choicesOf(core),
      bounds: Object.fromEntries(
        BOUNDS.filter(key => core[key] !== undefined).map(key => [key, core[key]])
      )
    };
  });
}

/** A reference followed, and `X | null` taken apart. */
function unwrapped(schema: Schema, definitions: Schema): { core: Schema; nullable: boolean } {
  let core = schema;
  let nullable = false;
  for (let depth = 0; depth < 8; depth++) {
    if (typeof core.$ref === 'string') {
      core = definitions[core.$ref.split('/').pop() ?? ''] ?? {};
      continue;
    }
    const branches: Schema[] | undefined = core.anyOf ?? core.oneOf;
    if (!branches) {
      break;
    }
    const others = branches.filter(branch => branch.type !== 'null');
    nullable = nullable || others.length < branches.length;
    if (others.length !== 1) {
      break;
    }
    core = others[0];
  }
  return { core, nullable };
}

function kindOf(core: Schema): FieldKind {
  if (core.writeOnly || core.format === 'password') {
    return 'secret';
  }
  if (choicesOf(core).length > 0) {
    return 'choice';
  }
  if (core.format === 'date') {
    return 'date';
  }
  if (core.format === 'date-time') {
    return 'datetime';
  }
  switch (core.type) {
    case 'boolean':
      return 'flag';
    case 'integer':
      return 'integer';
    case 'number':
      return 'number';
    case 'string':
      return 'text';
    default:
      return 'json';
  }
}

function choicesOf(core: Schema): readonly JsonValue[] {
  return core.enum ?? (core.const !== undefined ? [core.const] : []);
}

/** A value as the text of its control. */
export function shown(field: IField, value: JsonValue | undefined): string {
  if (value === undefined || value === null) {
    return '';
  }
  if (typeof value === 'string' && field.kind !== 'json') {
    return value;
  }
  return field.kind === 'json' && typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a text means for a field: what fits by its look; any other text as it is, for the server to answer. */
export function meant(field: IField, text: string): JsonValue {
  const trimmed = text.trim();
  switch (field.kind) {
    case 'integer':
      return /^[+-]?\d+$/.test(trimmed) && Number.isSafeInteger(Number(trimmed))
        ? Number(trimmed)
        : text;
    case 'number':
      return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
    case 'json':
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    default:
      return text;
  }
}
