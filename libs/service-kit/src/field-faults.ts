import type { z } from 'zod';

/** What is wrong with one field, ready to be shown. */
export interface FieldFault {
  readonly field: string;
  readonly value: unknown;
  readonly allowed: string;
}

const shownCharactersMax = 80;
/** By code points: half a character is a text that not every door can send. */
const shownBeginning = new RegExp(`^.{0,${shownCharactersMax}}`, 'su');

interface SchemaDef {
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  /** Of a record. */
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  /** Of an enum. */
  readonly entries?: Readonly<Record<string, unknown>>;
}

/** What a type allows, where the schema says nothing of its own. */
const allowedByType: Readonly<Record<string, string>> = {
  number: 'a finite number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

function defOf(schema: z.ZodType): SchemaDef {
  return schema.def as unknown as SchemaDef;
}

/** The faults of a value, one a field, in the schema's own words where it has some. */
export function fieldFaults(error: z.ZodError, schema: z.ZodType, input: unknown): readonly FieldFault[] {
  const faults = new Map<string, FieldFault>();
  for (const issue of error.issues) {
    for (const path of pathsOf(issue).map((full) => pathInInput(input, full))) {
      const field = path.join('.');
      if (faults.has(field)) continue;
      faults.set(field, { field, value: valueAt(input, path), allowed: allowedAt(issue, schema, path) });
    }
  }
  return [...faults.values()];
}

/** `limit="x": a whole number from 1 to 1000` */
export function describeFault({ field, value, allowed }: FieldFault): string {
  const name = field === '' ? 'body' : field;
  return value === undefined ? `${name} is missing: ${allowed}` : `${name}=${shown(value)}: ${allowed}`;
}

function pathsOf(issue: z.core.$ZodIssue): readonly PropertyKey[][] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  return [[...issue.path]];
}

/** A part of a text, as the third of a list with commas, is shown as the whole text. */
function pathInInput(input: unknown, path: readonly PropertyKey[]): readonly PropertyKey[] {
  const depth = path.findIndex((_, at) => !isObject(valueAt(input, path.slice(0, at))));
  return depth === -1 ? path : path.slice(0, depth);
}

function allowedAt(issue: z.core.$ZodIssue, schema: z.ZodType, path: readonly PropertyKey[]): string {
  if (issue.code === 'unrecognized_keys') {
    const parent = schemaAt(schema, issue.path);
    return `there is no such field, only ${parent === undefined ? '' : knownFields(unwrapped(parent)).join(', ')}`;
  }
  const leaf = schemaAt(schema, path);
  return (leaf === undefined ? undefined : descriptionOf(leaf)) ?? inWords(issue);
}

function knownFields(parent: z.ZodType): readonly string[] {
  const { shape, keyType } = defOf(parent);
  return Object.keys(shape ?? (keyType === undefined ? undefined : defOf(keyType).entries) ?? {});
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return allowedByType[issue.expected] ?? issue.message;
  return issue.code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : issue.message;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), input);
}

function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === 'object' && value !== null;
}

function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => {
    if (at === undefined) return undefined;
    const def = defOf(unwrapped(at));
    return typeof key === 'number' ? def.element : (def.shape?.[String(key)] ?? def.valueType);
  }, schema);
}

/** Below defaults, optionals and pipes: the object, record or array itself. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const { innerType, in: source, shape, element, valueType } = defOf(schema);
  if (shape !== undefined || element !== undefined || valueType !== undefined) return schema;
  const inner = innerType ?? source;
  return inner === undefined ? schema : unwrapped(inner);
}

/** A description is kept on one layer of a schema; a default around it hides it, so the layers are asked in turn. */
function descriptionOf(schema: z.ZodType): string | undefined {
  if (schema.description !== undefined) return schema.description;
  const { innerType, out } = defOf(schema);
  const inner = innerType ?? out;
  return inner === undefined ? undefined : descriptionOf(inner);
}

function shown(value: unknown): string {
  // JSON has no NaN.
  const text = (typeof value === 'number' ? undefined : JSON.stringify(value)) ?? String(value);
  const beginning = shownBeginning.exec(text)?.[0] ?? '';
  return beginning.length === text.length ? text : `${beginning}…`;
}
