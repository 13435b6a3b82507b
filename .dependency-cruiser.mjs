/**
 * Who may import whom. The lines of docs/DESIGN.md, "Who may import whom", in the same order; dependency-cruiser reads
 * type imports too, because a type from the wrong place couples two parts as firmly as a value does.
 */
const domain = ['market', 'physics', 'embedding', 'memory'];
const adapters = [
  'log-lmdb',
  'log-grpc',
  'store-questdb',
  'store-duckdb',
  'store-lance',
  'bus-redis',
  'bus-memory',
  'embedder-minilm',
  'feeds',
];

/** Tests stand beside what they test, and may also import the conformance suites. */
const tests = '[.](spec|bench|fixture)[.](ts|mjs)$';

const libraries = (names) => `^libs/(${names.join('|')})/`;

/** Files of `from` import, of all that is ours, only files of `allowed` and of their own package. */
function mayImportOnly(name, from, allowed, comment) {
  return [
    {
      name,
      comment,
      severity: 'error',
      from: { path: `^libs/(${from.join('|')})/`, pathNot: tests },
      to: { path: '^(libs|apps)/', pathNot: [`^libs/$1/`, ...(allowed.length > 0 ? [libraries(allowed)] : [])] },
    },
    {
      name: `${name}-in-tests`,
      comment: `${comment} Its tests may also import the conformance suites of libs/testing.`,
      severity: 'error',
      from: { path: `^libs/(${from.join('|')})/.*${tests}` },
      to: { path: '^(libs|apps)/', pathNot: [`^libs/$1/`, libraries([...allowed, 'testing'])] },
    },
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...mayImportOnly('contracts-import-nothing', ['contracts'], [], 'Everybody reads the contracts, so they rest on nobody.'),
    ...mayImportOnly('market-imports-contracts', ['market'], ['contracts'], 'The market knows neither physics nor any technology.'),
    ...mayImportOnly('physics-imports-market', ['physics'], ['contracts', 'market'], 'Down the line: embedding, physics, market.'),
    ...mayImportOnly(
      'embedding-imports-physics',
      ['embedding'],
      ['contracts', 'market', 'physics'],
      'Down the line: embedding, physics, market.',
    ),
    ...mayImportOnly(
      'memory-imports-physics',
      ['memory'],
      ['contracts', 'market', 'physics'],
      'Beside embedding: the other way from a state to a vector.',
    ),
    ...mayImportOnly('ports-import-domain', ['ports'], ['contracts', ...domain], 'A port speaks the words of the domain.'),
    ...mayImportOnly(
      'adapters-import-ports',
      adapters,
      ['contracts', ...domain, 'ports'],
      'An adapter never knows another one: which technologies meet is decided where a process is put together.',
    ),
    ...mayImportOnly(
      'service-kit-imports-ports',
      ['service-kit'],
      ['contracts', 'ports'],
      'What every app needs knows no rule of the market and no store.',
    ),
    ...mayImportOnly(
      'testing-imports-ports',
      ['testing'],
      ['contracts', ...domain, 'ports'],
      'Suites are written against ports, so that every adapter can run them.',
    ),
    {
      name: 'apps-import-no-testing',
      comment: 'What runs in production does not carry the test suites.',
      severity: 'error',
      from: { path: '^apps/', pathNot: tests },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'apps-import-no-app',
      comment: 'Services meet on the wire; only the standalone app puts them into one process.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/standalone/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'domain-without-nest',
      comment: 'Rules of the domain know no framework.',
      severity: 'error',
      from: { path: libraries(['contracts', ...domain]) },
      to: { path: '@nestjs/' },
    },
    {
      name: 'domain-without-node',
      comment: 'Rules of the domain run anywhere, a browser included.',
      severity: 'error',
      from: { path: libraries(['contracts', ...domain]), pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages-by-their-door',
      comment: 'Another package is imported by its name, never by a path into its sources.',
      severity: 'error',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: { path: '^(libs|apps)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one thing, or miss a third. Types alone may point both ways.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that resolves nowhere is a mistake in package.json or in the path.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['(^|/)dist/', '(^|/)[.]hindcast/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@hindcast/source', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
