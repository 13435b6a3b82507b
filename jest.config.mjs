/** One run over every package: sources are read through the `@hindcast/source` export condition, so no build is needed. */
export default {
  testEnvironment: '<rootDir>/tools/test/plain-context.mjs',
  // A bound for a busy machine, so that what hangs ends; no test is about time.
  testTimeout: 60_000,
  testEnvironmentOptions: { customExportConditions: ['@hindcast/source', 'node'] },
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/tools'],
  setupFiles: process.env.HINDCAST_TEST_RUNS ? ['<rootDir>/tools/test/property-runs.mjs'] : [],
  testSequencer: '<rootDir>/tools/test/heaviest-first.mjs',
  testMatch: ['**/*.spec.ts', '**/*.spec.mjs'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.hindcast/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};
