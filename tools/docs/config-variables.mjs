import ts from 'typescript';
import { commentOf } from './http-endpoints.mjs';

/**
 * The environment variables that a config.ts declares: each field of `const shape = { ... } satisfies z.ZodRawShape` with
 * the comment above it, what it allows and its default, as the source says them.
 *
 * @typedef {{ variable: string, allowed: string, default: string, summary: string }} Variable
 */

/** @returns {Variable[]} in the order of the file */
export function variablesOf(text, fileName) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .filter((declaration) => /shape$/i.test(declaration.name.getText(source)))
    .flatMap((declaration) => fieldsOf(declaration.initializer))
    .map((field) => ({
      variable: variableName(field.name.getText(source)),
      ...factsOf(callsOf(field.initializer, source), source),
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

function factsOf(calls, source) {
  const argumentOf = (name) => calls.find((call) => call.name === name)?.argument;
  const described = argumentOf('describe');
  return {
    allowed: described ? textOf(described, source) : allowedBy(calls, source),
    default: argumentOf('default') ? textOf(argumentOf('default'), source) : '',
  };
}

function allowedBy([{ name, argument }], source) {
  if (name === 'wholeNumber') {
    const bound = (key) => argument.properties.find((property) => property.name?.getText(source) === key)?.initializer;
    return `whole number from ${textOf(bound('min'), source)} to ${textOf(bound('max'), source)}`;
  }
  if (name === 'oneOf') return `one of ${listOf(argument, source).join(', ')}`;
  if (name === 'url') return `${listOf(argument, source).join(' or ')} URL`;
  return name === 'flag' ? 'true, false, 1 or 0' : 'text';
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
