import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ENVIRONMENT = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'The environment is read once, by ConfigModule: inject AppConfig.',
};
const DEFAULT_EXPORT = { selector: 'ExportDefaultDeclaration', message: 'Export by name.' };
const FORWARD_REF = {
  selector: "Identifier[name='forwardRef']",
  message: 'Modules form no cycles: move what both need.',
};
const INDEX = { selector: 'Program', message: 'No barrels: name the file for what it holds, and import from it.' };
const REEXPORTS = [
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file.' },
  { selector: 'ExportNamedDeclaration[source]', message: 'No barrels: import from the file.' },
];

export default defineConfig(
  globalIgnores(['**/dist/', 'data/', '**/node_modules/', 'coverage/', 'src/metadata.ts', 'web/src/api/schema.ts']),
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      // With emitDecoratorMetadata the parser knows that injected classes are values.
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Nest modules are classes without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // `return callback()` ends a function early; `() => emitter.emit()` is a handler.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `while (true)` and `for (;;)` say what they mean.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      complexity: ['error', 12],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // Classes describe the shape of data here (DTOs, options of libraries); a literal of that shape is one.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'file', name: 'TaskDto' }] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...REEXPORTS, DEFAULT_EXPORT, FORWARD_REF, ENVIRONMENT],
    },
  },
  {
    files: ['web/src/**/*.ts', 'web/src/**/*.tsx'],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...REEXPORTS, DEFAULT_EXPORT],
      // Markup of one component stands together; what it computes is bounded by the complexity.
      'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }],
      // Handlers of elements may be async: what they throw is caught and shown by the mutation that they call.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['web/public/*.js'],
    languageOptions: { globals: { document: 'readonly', localStorage: 'readonly', window: 'readonly' } },
  },
  {
    files: ['**/index.ts'],
    rules: { 'no-restricted-syntax': ['error', INDEX] },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: { process: 'readonly', URL: 'readonly', module: 'writable' },
    },
  },
  {
    files: ['scripts/screenshots/*.mjs'],
    languageOptions: { globals: { fetch: 'readonly', AbortController: 'readonly', TextDecoderStream: 'readonly' } },
  },
  prettier,
);
