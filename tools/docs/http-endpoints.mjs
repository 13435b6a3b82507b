import ts from 'typescript';

/**
 * The HTTP doors as the controllers declare them: `@Controller('v1')` on the class, `@Get('trades')` and its kin on the
 * methods, and what the comments above them say. Reading the source keeps the page true without starting a service.
 *
 * @typedef {{ method: string, path: string, summary: string, success: number, right: string, handler: string }} Endpoint
 */
const verbs = { Get: 'GET', Post: 'POST', Put: 'PUT', Patch: 'PATCH', Delete: 'DELETE', Sse: 'GET' };

/** @returns {Endpoint[]} in the order of the file */
export function endpointsOf(text, fileName) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  return source.statements.filter(ts.isClassDeclaration).flatMap((declaration) => endpointsOfClass(declaration, source));
}

function endpointsOfClass(declaration, source) {
  const controller = decoratorsOf(declaration, source).find(({ name }) => name === 'Controller');
  if (!controller) return [];
  return declaration.members.filter(ts.isMethodDeclaration).flatMap((method) => {
    const decorators = decoratorsOf(method, source);
    const stated = decorators.find(({ name }) => name === 'Needs')?.argument;
    const success = decorators.find(({ name }) => name === 'HttpCode')?.argument;
    return decorators
      .filter(({ name }) => name in verbs)
      .map(({ name, argument }) => ({
        method: name === 'Sse' ? 'GET (SSE)' : verbs[name],
        path: joined(controller.argument, argument),
        summary: commentOf(method),
        handler: `${declaration.name.text}.${method.name.getText(source)}`,
        success: success === undefined ? (name === 'Post' ? 201 : 200) : Number(success),
        // As `rightOfRoute` of libs/service-kit decides at run time.
        right: stated ?? (['Get', 'Sse'].includes(name) ? 'read' : 'write'),
      }));
  });
}

/** Decorators with the text of their first argument, quotes taken off. */
function decoratorsOf(node, source) {
  return (ts.getDecorators(node) ?? [])
    .map(({ expression }) => expression)
    .filter(ts.isCallExpression)
    .map((call) => ({ name: call.expression.getText(source), argument: literalOf(call.arguments[0], source) }));
}

function literalOf(argument, source) {
  if (argument === undefined) return undefined;
  return ts.isStringLiteralLike(argument) ? argument.text : argument.getText(source);
}

function joined(...parts) {
  const path = parts
    .filter((part) => part !== undefined)
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/');
  return `/${path.replace(/:(\w+)/g, '{$1}')}`;
}

/** The comment above a node, as one paragraph. */
export function commentOf(node) {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
}
