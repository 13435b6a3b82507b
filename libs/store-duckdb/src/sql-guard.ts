import { HindcastError } from '@hindcast/contracts';
import { sqlFunctions } from './sql-functions.js';

/** What a question may read; every other name has to be one that it gives itself, in WITH. */
export const sqlTables = ['trades', 'quotes', 'bars_1m', 'market_states'] as const;
export type SqlTable = (typeof sqlTables)[number];

const tables: ReadonlySet<string> = new Set(sqlTables);
/** Functions that make rows out of nothing but their arguments. Every other one reads files, settings or the catalog. */
const rowFunctions: ReadonlySet<string> = new Set(['range', 'generate_series', 'unnest', 'generate_subscripts']);
const closedNames = /^(?:pg|duckdb|pragma|sqlite|information_schema|system)(?:_|$)/i;
const ownName = /^[a-z_]\w{0,62}$/i;

/** Kinds of parts that are no expressions. What is not here is refused, so that what a later DuckDB adds is too. */
const knownKinds: ReadonlySet<string> = new Set([
  ...['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE'],
  ...['EMPTY', 'BASE_TABLE', 'JOIN', 'SUBQUERY', 'EXPRESSION_LIST', 'TABLE_FUNCTION', 'SHOW_REF'],
  ...['ORDER_MODIFIER', 'LIMIT_MODIFIER', 'LIMIT_PERCENT_MODIFIER', 'DISTINCT_MODIFIER'],
  ...['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING'],
]);
/** Nested deeper than any person writes: the walk is bounded. */
const depthMax = 400;
/** Characters of one constant: a row holds as many, and a piece of work has 2,048 rows. */
const constantLengthMax = 256;
/**
 * How often a question may do what multiplies along its parts: with a star of a star of two tables, or a row that holds rows, a
 * line of text makes a million columns. Few questions have three.
 */
const occurrencesMax = { tables: 12, stars: 6, rows: 8, functions: 300, groupings: 64 } as const;
type Counted = keyof typeof occurrencesMax;

/** What has been seen of a question so far. */
interface Seen {
  /** Names that it gives itself, in WITH. */
  readonly names: Set<string>;
  /** What stands for a whole row where a column is not called so. */
  readonly rowNames: Set<string>;
  readonly counts: Record<Counted, number>;
}

type Part = Readonly<Record<string, unknown>>;

/**
 * Holds DuckDB's own parse of a text (`json_serialize_sql`, which knows SELECT alone) to one SELECT over `sqlTables`.
 * SQL_INVALID where it is anything else, in words that say what.
 */
export function requireQuestion(parsed: unknown): void {
  const { error, error_message: words, statements } = parsed as Part;
  if (error === true) throw refused(String(words));
  if (!Array.isArray(statements) || statements.length !== 1) throw refused('one SELECT at a time');
  const seen: Seen = { names: new Set(), rowNames: new Set(), counts: { tables: 0, stars: 0, rows: 0, functions: 0, groupings: 0 } };
  collectOwnNames(statements[0], seen, 0);
  check(statements[0], seen, 0);
}

function refused(words: string): HindcastError {
  return new HindcastError('SQL_INVALID', words.includes('Only SELECT statements') ? 'Only one SELECT is answered here.' : words);
}

/** Names that the question gives to parts of itself. One that looks like a file or a catalog's table would find that instead, out of its scope. */
function collectOwnNames(value: unknown, seen: Seen, depth: number): void {
  forEachPart(value, depth, (part, deeper) => {
    const map = (part['cte_map'] as Part | undefined)?.['map'];
    for (const { key } of (map as readonly { readonly key: string }[] | undefined) ?? []) {
      if (!ownName.test(key) || closedNames.test(key)) throw refused(`${JSON.stringify(key)} cannot be a name in WITH`);
      seen.names.add(key.toLowerCase());
      seen.rowNames.add(key.toLowerCase());
    }
    const { alias, table_name: table } = part;
    if (part['type'] === 'BASE_TABLE' || part['type'] === 'SUBQUERY') {
      if (typeof alias === 'string' && part['class'] === undefined) seen.rowNames.add(alias.toLowerCase());
      // Bars have a column of this name.
      else if (typeof table === 'string' && table !== 'trades') seen.rowNames.add(table.toLowerCase());
    }
    collectOwnNames(Object.values(part), seen, deeper);
  });
}

function check(value: unknown, seen: Seen, depth: number): void {
  forEachPart(value, depth, (part, deeper) => {
    if (typeof part['type'] === 'string' && part['class'] === undefined) checkKind(part['type'], part, seen);
    if (part['class'] !== undefined) checkExpression(part, seen);
    // What a type is called is not run. A function in FROM is on a list of its own; its arguments are as any others.
    const { type_info: _described, function: source, ...rest } = part;
    check([...Object.values(rest), (source as Part | undefined)?.['children']], seen, deeper);
  });
}

function count(what: Counted, { counts }: Seen, times = 1): void {
  counts[what] += times;
  if (counts[what] > occurrencesMax[what]) throw refused(`${occurrencesMax[what]} ${what} at most in one question`);
}

function forEachPart(value: unknown, depth: number, visit: (part: Part, deeper: number) => void): void {
  if (depth > depthMax) throw refused(`it is nested deeper than ${depthMax} levels`);
  if (Array.isArray(value)) for (const part of value) forEachPart(part, depth + 1, visit);
  else if (typeof value === 'object' && value !== null) visit(value as Part, depth + 1);
}

function checkKind(kind: string, part: Part, seen: Seen): void {
  if (!knownKinds.has(kind)) throw refused(`${kind} is not answered here`);
  if (kind === 'BASE_TABLE' || kind === 'SUBQUERY' || kind === 'TABLE_FUNCTION') count('tables', seen);
  if (kind === 'SELECT_NODE') count('groupings', seen, (part['group_sets'] as readonly unknown[] | undefined)?.length);
  if (kind === 'BASE_TABLE') {
    const name = String(part['table_name']);
    const isQualified = part['schema_name'] !== undefined || part['catalog_name'] !== undefined || part['at_clause'] !== undefined;
    if (isQualified || !(tables.has(name.toLowerCase()) || seen.names.has(name.toLowerCase())))
      throw refused(`there is no table ${JSON.stringify(name)} to ask, only ${sqlTables.join(', ')}`);
  }
  if (kind === 'TABLE_FUNCTION') {
    const name = String((part['function'] as Part | undefined)?.['function_name']);
    if (!rowFunctions.has(name)) throw refused(`${name} cannot be read from; ${[...rowFunctions].join(', ')} can`);
  }
  // SHOW TABLES and its like ask for everything that is open.
  if (kind === 'SHOW_REF' && part['query'] === undefined) throw refused('DESCRIBE and SUMMARIZE are answered here, SHOW is not');
}

function checkExpression(part: Part, seen: Seen): void {
  if (typeof part['function_name'] === 'string') checkFunction(part['function_name'], part, seen);
  if (part['class'] === 'STAR') {
    if (part['columns'] === true) throw refused('COLUMNS is not answered here: name the columns');
    count('stars', seen);
  }
  const names = part['class'] === 'COLUMN_REF' ? (part['column_names'] as readonly string[]) : [];
  if (names.length === 1 && seen.rowNames.has(names[0].toLowerCase())) count('rows', seen);
  const { value } = (part['value'] as Part | undefined) ?? {};
  if (part['class'] === 'CONSTANT' && typeof value === 'string' && value.length > constantLengthMax)
    throw refused(`a constant has ${constantLengthMax} characters at most, not ${value.length}`);
  // `NULL::INTEGER[100000]` is of that size in each row.
  if (JSON.stringify(part['cast_type'] ?? null).includes('"ARRAY"'))
    throw refused('types of a fixed number of items are not answered here');
}

function checkFunction(name: string, { schema, catalog, children }: Part, seen: Seen): void {
  const isForeign = (schema !== undefined && schema !== '' && schema !== 'main') || (catalog !== undefined && catalog !== '');
  if (isForeign || !sqlFunctions.has(name.toLowerCase()))
    throw refused(
      `the function ${name} is not answered here: only those are whose answer is no larger than what they are given (docs/decisions/0058-sql-of-anybody.md lists them)`,
    );
  count('functions', seen);
  const parts = (children as readonly Part[] | undefined) ?? [];
  if (name === 'list_value' && parts.some((part) => part['class'] !== 'CONSTANT')) throw refused('a list is of constants only here');
}
