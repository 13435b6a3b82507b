import { HindcastError } from '@hindcast/contracts';

/**
 * JSON of a door. `JSON.parse` keeps the last of two fields of one name without a word, and which price was meant nobody
 * knows: such a text is BODY_INVALID. `place` begins the message, as `line 7`.
 */
export function parseJson(text: string, place = 'the body'): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HindcastError('BODY_INVALID', `${place} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (fieldsOfRows(value) !== coloned(text)) requireOnce(text, place);
  return value;
}

/** Fields of a request and of its rows: all that a sound one has. Anything nested deeper makes the numbers differ. */
function fieldsOfRows(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let fields = 0;
  const count = (row: unknown): void => {
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) fields += Object.keys(row).length;
  };
  if (Array.isArray(value)) value.forEach(count);
  else {
    count(value);
    for (const rows of Object.values(value)) if (Array.isArray(rows)) rows.forEach(count);
  }
  return fields;
}

/** How often a quote stands before a colon: once a field, and seldom inside of a text too. */
function coloned(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    let before = at - 1;
    while (isSpace(text[before])) before--;
    if (text[before] === '"') count++;
  }
  return count;
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

const depthMax = 64;

/** Reads the text, which is JSON, field by field. */
function requireOnce(text: string, place: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > depthMax) throw new HindcastError('BODY_INVALID', `${place} is nested more than ${depthMax} deep`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = stringEnd(text, at);
      if (isField(text, end)) addField(open.at(-1), JSON.parse(text.slice(at, end)) as string, place);
      at = end - 1;
    }
  }
}

function addField(fields: Set<string> | undefined, name: string, place: string): void {
  if (fields?.has(name)) {
    throw new HindcastError('BODY_INVALID', `${place} has the field ${JSON.stringify(name.slice(0, shownMax))} twice in one object`);
  }
  fields?.add(name);
}

const shownMax = 64;

/** Behind the quote that ends the string which begins here: one with an even number of backslashes before it. */
function stringEnd(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function isField(text: string, end: number): boolean {
  let at = end;
  while (isSpace(text[at])) at++;
  return text[at] === ':';
}
