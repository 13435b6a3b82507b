import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const testFiles = ['**/*.spec.ts', '**/*.bench.ts', '**/*.fixture.ts', 'libs/testing/**/*.ts'];

/** Only these read the environment; everybody else is given what it needs. */
const environmentReaders = ['**/config.ts', '**/config/*.ts', '**/*.int.spec.ts', '**/*.bench.ts', 'libs/testing/**/*.ts', 'tools/**'];

const domainFiles = ['libs/{contracts,market,physics,embedding,memory}/src/**/*.ts'];

const sizes = {
  'max-lines': ['error', { max: 400 }],
  'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
};

const environmentAccess = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only config.ts reads the environment; pass the value in.',
};

const anyAssertion = {
  selector: 'TSAsExpression > TSAnyKeyword',
  message: 'Parse the value at the door instead: inside, types are true.',
};

/** What makes a result depend on more than its arguments. */
const impurities = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The time is an argument.' },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'The time is an argument.' },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Randomness is an argument.' },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', '.hindcast/**', 'coverage/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  regexp.configs.recommended,
  {
    rules: {
      // What a stranger sends is matched: an expression whose time grows with the square of its input is a door left open.
      'regexp/no-super-linear-backtracking': ['error', { report: 'certain' }],
      // Matters of taste.
      'regexp/prefer-w': 'off',
      'regexp/use-ignore-case': 'off',
      'regexp/no-unused-capturing-group': 'off',
    },
  },
  { rules: { eqeqeq: ['error', 'always'], 'prefer-const': 'error', 'no-var': 'error', 'object-shorthand': 'error', ...sizes } },
  {
    // What our services match comes from outside; tools and tests match texts of our own.
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: testFiles,
    rules: { 'regexp/no-super-linear-move': ['error', { report: 'certain', ignorePartial: false, ignoreSticky: false }] },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // An index into a typed array is a number, not "number or undefined": noUncheckedIndexedAccess is off on purpose,
      // and so the checks of what may be missing after all look needless to this rule.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A method that fulfils a port is async whether or not this adapter has anything to wait for.
      '@typescript-eslint/require-await': 'off',
      // `Promise.withResolvers<void>()` is how a signal without a value is written.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Codes of wires and of column types are numbers in tables of ours, enums in the libraries.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      // Libraries of columns make their own instances; what counts is the shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Generic parameters that occur once often say what a signature is about.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // `resolve()` and friends as the body of an arrow read well.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      // Nest's modules are classes without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Files with decorators are left alone by this rule: Nest injects by classes that must be there at run time.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      // More than five dependencies: split it.
      '@typescript-eslint/max-params': ['error', { max: 5 }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', environmentAccess, anyAssertion],
    },
  },
  {
    files: domainFiles,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', '@nestjs/*'], message: 'The domain knows neither Node nor Nest.' }] },
      ],
      'no-restricted-globals': [
        'error',
        'process',
        'Buffer',
        'performance',
        'crypto',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
      ],
      'no-restricted-syntax': ['error', environmentAccess, anyAssertion, ...impurities],
    },
  },
  {
    files: testFiles,
    rules: {
      // Suites are one long `describe`; what a test reads from a wire is what it is there to doubt.
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-globals': 'off',
    },
  },
  { files: environmentReaders, rules: { 'no-restricted-syntax': ['error', anyAssertion] } },
  // The command line speaks to people, and so do benchmarks.
  { files: ['apps/cli/**/*.ts', '**/*.bench.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        TextDecoder: 'readonly',
        TextEncoder: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        setImmediate: 'readonly',
        structuredClone: 'readonly',
      },
    },
  },
  {
    files: ['**/*.spec.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['describe', 'it', 'test', 'expect', 'beforeAll', 'beforeEach', 'afterAll', 'afterEach', 'jest'].map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'max-lines-per-function': 'off' },
  },
  prettier,
);
