import ts from 'typescript';
import { commentOf } from './http-endpoints.mjs';

/**
 * The environment variables that a config.ts declares: each field of `const shape = { ... } satisfies z.ZodRawShape` with
 * the comment above it, what it allows and its default, as the source says them.
 *
 * @typedef {{ variable: string, allowed: string, default: string, summary: string }} Variable
 */

/**
 * @param {Readonly<Record<string, number>>} [constants] what imported names stand for
 * @returns {Variable[]} in the order of the file
 */
export function variablesOf(text, fileName, constants = {}) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .filter((declaration) => /shape$/i.test(declaration.name.getText(source)))
    .flatMap((declaration) => fieldsOf(declaration.initializer))
    .map((field) => ({
      variable: variableName(field.name.getText(source)),
      ...factsOf(callsOf(field.initializer, source), { source, constants }),
      summary: commentOf(field),
    }));
}

function fieldsOf(initializer) {
  let object = initializer;
  while (object && (ts.isSatisfiesExpression(object) || ts.isAsExpression(object))) object = object.expression;
  return object && ts.isObjectLiteralExpression(object) ? object.properties.filter(ts.isPropertyAssignment) : [];
}

/** `portOffset` -> `HINDCAST_PORT_OFFSET` */
export function variableName(field) {
  return `HINDCAST_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** A chain as its calls, first to last: `wholeNumber({ min: 0 }).default(3)` -> wholeNumber, default. */
function callsOf(expression, source) {
  const calls = [];
  let node = expression;
  while (node && (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node))) {
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      calls.unshift({ name: (ts.isPropertyAccessExpression(callee) ? callee.name : callee).getText(source), argument: node.arguments[0] });
    }
    node = node.expression;
  }
  return calls;
}

function factsOf(calls, { source, constants }) {
  const argumentOf = (name) => calls.find((call) => call.name === name)?.argument;
  const described = argumentOf('describe');
  return {
    allowed: described ? textOf(described, source) : allowedBy(calls, { source, constants }),
    default: defaultOf(argumentOf('default') ?? argumentOf('prefault'), source),
  };
}

/** As it would be set: a number without commas, a list with nothing in it as nothing. */
function defaultOf(argument, source) {
  if (argument === undefined || ts.isObjectLiteralExpression(argument)) return '';
  return ts.isNumericLiteral(argument) ? argument.text : textOf(argument, source);
}

function allowedBy([{ name, argument }], { source, constants }) {
  if (name === 'wholeNumber') {
    const bound = (key) => argument.properties.find((property) => property.name?.getText(source) === key)?.initializer;
    const boundText = (node) => constants[node.getText(source)]?.toLocaleString('en-US') ?? textOf(node, source);
    return `whole number from ${boundText(bound('min'))} to ${boundText(bound('max'))}`;
  }
  if (name === 'oneOf') return `one of ${listOf(argument, source).join(', ')}`;
  if (name === 'url') return `${listOf(argument, source).join(' or ')} URL`;
  return name === 'flag' ? 'true, false, 1 or 0' : (allowedByOwn(name, source) ?? 'text');
}

/** What a kind of field that the file makes itself allows: its `const allowed = '...'`, the words of its error too. */
function allowedByOwn(name, source) {
  const own = source.statements.filter(ts.isFunctionDeclaration).find((declaration) => declaration.name?.text === name);
  const words = (own?.body?.statements ?? [])
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .find((declaration) => declaration.name.getText(source) === 'allowed')?.initializer;
  return words && textOf(words, source);
}

/** The words of an array, written there or as a constant of the same file. */
function listOf(argument, source) {
  const named = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .find((declaration) => declaration.name.getText(source) === argument.getText(source))?.initializer;
  let array = named ?? argument;
  while (ts.isAsExpression(array)) array = array.expression;
  return ts.isArrayLiteralExpression(array) ? array.elements.map((element) => textOf(element, source)) : [argument.getText(source)];
}

/** A literal as a reader would write it: `4_194_304` -> `4,194,304`. */
function textOf(node, source) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.getText(source).slice(1, -1);
  return node.getText(source).replaceAll('_', ',');
}
