import { join } from 'node:path';
import ts from 'typescript';

/**
 * What the methods of controllers return, as JSON Schema: the type checker says it, so a field that is added to an answer is
 * in the document without anybody writing it down. Types of ours become named schemas, with their comments.
 */
const ownModule = /^(\.{1,2}\/|@hindcast\/)/;
const options = {
  ...{ target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  ...{
    customConditions: ['@hindcast/source'],
    lib: ['lib.es2024.d.ts'],
    types: [],
    strict: true,
    experimentalDecorators: true,
    noEmit: true,
  },
};

/**
 * @param {{ root: string, files: string[] }} project files of controllers
 * @returns {{ answerOf(handler: string, schemas: Record<string, object>): object | undefined }} `handler` as `LedgerController.ledger`;
 * undefined where the method sends its answer itself
 */
export function answerTypes({ root, files }) {
  const host = ts.createCompilerHost(options);
  // Packages of others say nothing of our answers, and reading them is most of a program's time.
  host.resolveModuleNameLiterals = (literals, containingFile, redirected, compilerOptions) =>
    literals.map(({ text }) =>
      ownModule.test(text)
        ? ts.resolveModuleName(text, containingFile, compilerOptions, host, undefined, redirected, ts.ModuleKind.ESNext)
        : { resolvedModule: undefined },
    );
  const paths = files.map((file) => join(root, file));
  const program = ts.createProgram(paths, options, host);
  const checker = program.getTypeChecker();
  const methods = new Map(paths.flatMap((path) => methodsOf(program.getSourceFile(path))));
  return {
    answerOf(handler, schemas) {
      const signature = checker.getSignatureFromDeclaration(methods.get(handler));
      const type = checker.getAwaitedType(signature.getReturnType());
      return (type.flags & ts.TypeFlags.Void) === 0 ? schemaOf(type, { checker, schemas }) : undefined;
    },
  };
}

function methodsOf(source) {
  return source.statements
    .filter(ts.isClassDeclaration)
    .flatMap((declaration) =>
      declaration.members
        .filter(ts.isMethodDeclaration)
        .map((method) => [`${declaration.name.text}.${method.name.getText(source)}`, method]),
    );
}

const primitives = [
  [ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral, { type: 'string' }],
  [ts.TypeFlags.Number, { type: 'number' }],
  [ts.TypeFlags.Boolean, { type: 'boolean' }],
  [ts.TypeFlags.Null, { type: 'null' }],
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown, {}],
];

function schemaOf(type, context) {
  const primitive = primitives.find(([flags]) => type.flags & flags);
  if (primitive) return { ...primitive[1] };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: type.intrinsicName === 'true' };
  if (type.isLiteral()) return { const: type.value };
  if (type.isUnion()) return unionSchema(type, context);
  const name = nameOf(type);
  if (name === undefined) return objectSchema(type, context);
  if (!(name in context.schemas)) {
    // Before its fields, so that a type that holds itself ends.
    context.schemas[name] = {};
    Object.assign(context.schemas[name], objectSchema(type, context), describedBy(type.symbol, context));
  }
  return { $ref: `#/components/schemas/${name}` };
}

/** Of interfaces of ours; what stands without a name in the code has none in the document either. */
function nameOf(type) {
  const { symbol } = type;
  if (symbol === undefined || !(symbol.flags & ts.SymbolFlags.Interface)) return undefined;
  const isOurs = symbol.declarations.some((declaration) => !declaration.getSourceFile().hasNoDefaultLib);
  return isOurs && !type.typeArguments?.length ? symbol.name : undefined;
}

function unionSchema(type, context) {
  const members = type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
  const schemas = members.map((member) => schemaOf(member, context));
  const constants = schemas.filter((schema) => 'const' in schema).map((schema) => schema.const);
  const isBoolean = constants.includes(true) && constants.includes(false);
  const shared = isBoolean ? [{ type: 'boolean' }] : constants.length > 0 ? [{ enum: constants }] : [];
  const choices = [...shared, ...schemas.filter((schema) => !('const' in schema))].sort(
    (a, b) => Number(a.type === 'null') - Number(b.type === 'null'),
  );
  if (choices.length === 1) return choices[0];
  const isPlain = ({ type, ...others }) => typeof type === 'string' && Object.keys(others).length === 0;
  return choices.every(isPlain) ? { type: choices.map((choice) => choice.type) } : { anyOf: choices };
}

function objectSchema(type, context) {
  const { checker } = context;
  if (checker.isArrayType(type)) return { type: 'array', items: schemaOf(checker.getTypeArguments(type)[0], context) };
  const properties = checker.getPropertiesOfType(type);
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const required = properties.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional)).map(({ name }) => name);
  return {
    type: 'object',
    ...(properties.length === 0
      ? {}
      : { properties: Object.fromEntries(properties.map((property) => [property.name, propertySchema(property, context)])) }),
    ...(required.length === 0 ? {} : { required }),
    ...(index ? { additionalProperties: schemaOf(index.type, context) } : {}),
  };
}

function propertySchema(property, context) {
  return { ...schemaOf(context.checker.getTypeOfSymbol(property), context), ...describedBy(property, context) };
}

function describedBy(symbol, { checker }) {
  const description = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, ' ').trim();
  return description === '' ? {} : { description };
}
