import { HindcastError } from '@hindcast/contracts';

/** What a question may read; every other name has to be one that it gives itself, in WITH. */
export const sqlTables = ['trades', 'quotes', 'bars_1m', 'market_states'] as const;
export type SqlTable = (typeof sqlTables)[number];

const tables: ReadonlySet<string> = new Set(sqlTables);
/** Functions that make rows out of nothing but their arguments. Every other one reads files, settings or the catalog. */
const rowFunctions: ReadonlySet<string> = new Set(['range', 'generate_series', 'unnest', 'generate_subscripts']);
/** Functions with an effect beyond their answer, and those that tell of the process rather than of the market. */
const closedFunctions: ReadonlySet<string> = new Set([
  'current_setting',
  'currval',
  'getenv',
  'getvariable',
  'json_execute_serialized_sql',
  'json_serialize_plan',
  'nextval',
  'query',
  'query_table',
  'set_config',
  'setseed',
  'sleep_ms',
  'write_log',
]);
const closedNames = /^(?:pg|duckdb|pragma|sqlite|information_schema|system)(?:_|$)/i;
const ownName = /^[a-z_]\w{0,62}$/i;

/** Kinds of parts that are no expressions. What is not here is refused, so that what a later DuckDB adds is too. */
const knownKinds: ReadonlySet<string> = new Set([
  ...['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE'],
  ...['EMPTY', 'BASE_TABLE', 'JOIN', 'SUBQUERY', 'EXPRESSION_LIST', 'TABLE_FUNCTION', 'PIVOT', 'SHOW_REF'],
  ...['ORDER_MODIFIER', 'LIMIT_MODIFIER', 'LIMIT_PERCENT_MODIFIER', 'DISTINCT_MODIFIER'],
  ...['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING'],
]);
/** Nested deeper than any person writes: the walk is bounded. */
const depthMax = 400;

type Part = Readonly<Record<string, unknown>>;

/**
 * Holds DuckDB's own parse of a text (`json_serialize_sql`, which knows SELECT alone) to one SELECT over `sqlTables`.
 * SQL_INVALID where it is anything else, in words that say what.
 */
export function requireQuestion(parsed: unknown): void {
  const { error, error_message: words, statements } = parsed as Part;
  if (error === true) throw refused(String(words));
  if (!Array.isArray(statements) || statements.length !== 1) throw refused('one SELECT at a time');
  const names = new Set<string>();
  collectOwnNames(statements[0], names, 0);
  check(statements[0], names, 0);
}

function refused(words: string): HindcastError {
  return new HindcastError('SQL_INVALID', words.includes('Only SELECT statements') ? 'Only one SELECT is answered here.' : words);
}

/** Names that the question gives to parts of itself. One that looks like a file or a catalog's table would find that instead, out of its scope. */
function collectOwnNames(value: unknown, names: Set<string>, depth: number): void {
  forEachPart(value, depth, (part, deeper) => {
    const map = (part['cte_map'] as Part | undefined)?.['map'];
    for (const { key } of (map as readonly { readonly key: string }[] | undefined) ?? []) {
      if (!ownName.test(key) || closedNames.test(key)) throw refused(`${JSON.stringify(key)} cannot be a name in WITH`);
      names.add(key.toLowerCase());
    }
    collectOwnNames(Object.values(part), names, deeper);
  });
}

function check(value: unknown, names: ReadonlySet<string>, depth: number): void {
  forEachPart(value, depth, (part, deeper) => {
    if (typeof part['type'] === 'string' && part['class'] === undefined) checkKind(part['type'], part, names);
    if (typeof part['function_name'] === 'string') checkFunction(part['function_name'], part);
    // What a type is called is not run.
    const { type_info: _described, ...rest } = part;
    check(Object.values(rest), names, deeper);
  });
}

function forEachPart(value: unknown, depth: number, visit: (part: Part, deeper: number) => void): void {
  if (depth > depthMax) throw refused(`it is nested deeper than ${depthMax} levels`);
  if (Array.isArray(value)) for (const part of value) forEachPart(part, depth + 1, visit);
  else if (typeof value === 'object' && value !== null) visit(value as Part, depth + 1);
}

function checkKind(kind: string, part: Part, names: ReadonlySet<string>): void {
  if (!knownKinds.has(kind)) throw refused(`${kind} is not answered here`);
  if (kind === 'BASE_TABLE') {
    const name = String(part['table_name']);
    const isQualified = part['schema_name'] !== undefined || part['catalog_name'] !== undefined || part['at_clause'] !== undefined;
    if (isQualified || !(tables.has(name.toLowerCase()) || names.has(name.toLowerCase())))
      throw refused(`there is no table ${JSON.stringify(name)} to ask, only ${sqlTables.join(', ')}`);
  }
  if (kind === 'TABLE_FUNCTION') {
    const name = String((part['function'] as Part | undefined)?.['function_name']);
    if (!rowFunctions.has(name)) throw refused(`${name} cannot be read from; ${[...rowFunctions].join(', ')} can`);
  }
  // SHOW TABLES and its like ask for everything that is open.
  if (kind === 'SHOW_REF' && part['query'] === undefined) throw refused('DESCRIBE and SUMMARIZE are answered here, SHOW is not');
}

function checkFunction(name: string, { schema, catalog }: Part): void {
  const isForeign = (schema !== undefined && schema !== '' && schema !== 'main') || (catalog !== undefined && catalog !== '');
  if (isForeign || closedFunctions.has(name.toLowerCase()) || closedNames.test(name)) throw refused(`${name} is not answered here`);
}
