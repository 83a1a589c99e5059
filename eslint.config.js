import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'
import { kebabCaseFiles } from './scripts/eslint-kebab-case-files.mjs'
import { layers } from './scripts/eslint-layers.mjs'

const local = { rules: { 'kebab-case-files': kebabCaseFiles, layers } }

const HOST_TIMERS = {
  name: 'node:timers',
  message:
    'In a CommonJS bundle, node:test fakes them. See own-timers.ts; drivers find its timers in @cli-ops/shared-ipc/driver.',
}

const LATE_PACKAGES = ['chokidar', 'proper-lockfile', 'smol-toml', 'yaml']

/** @param {string} name */
function restrictedPackage(name) {
  return {
    name,
    allowTypeImports: true,
    message: 'Import it on first use, with import(): every run pays for start-up.',
  }
}

export default defineConfig(
  globalIgnores(['**/dist/', '**/coverage/', '.cache/']),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { local },
    rules: { 'local/kebab-case-files': 'error' },
  },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['packages/cli/page/*.js'],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: ['error', 'smart'],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['after', 'describe', 'test'] },
          ],
        },
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false } },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrors: 'none',
          ignoreRestSiblings: true,
        },
      ],
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowRethrowing: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Rules that cost more than they find here.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    // The build compiles it to CommonJS.
    files: ['packages/*/src/**/lazy.ts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: {
      'no-console': 'error', // stdout belongs to the host; stderr goes through the kit's own writer.
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'structuredClone'].map(
          (name) => ({
            name,
            message: "It is the host's: a test may have faked it. See own-timers.ts.",
          }),
        ),
      ],
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'AwaitExpression:not(:function AwaitExpression), ForOfStatement[await=true]:not(:function ForOfStatement)',
          message: 'A top-level await makes the package unusable with require().',
        },
        {
          selector: `CallExpression[callee.object.name='process'][callee.property.name=/^(?:on|once|(?:prepend|prependOnce|add)Listener)$/][arguments.0.value=/^(?:SIG(?!CHLD$|CONT$|URG$|WINCH$)|uncaughtException$|unhandledRejection$)/]`,
          message:
            'A listener changes how the host behaves: Ctrl-C in synchronous code would no longer end it.',
        },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [HOST_TIMERS, ...[...LATE_PACKAGES, 'commander'].map(restrictedPackage)] },
      ],
    },
  },
  {
    files: ['packages/core/src/**/*.ts'],
    rules: { 'local/layers': 'error' },
  },
  {
    // Programs that nothing imports.
    files: ['packages/cli/src/**/*.ts', 'packages/create-cli-ops/src/**/*.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: LATE_PACKAGES.map(restrictedPackage) },
      ],
    },
  },
  {
    files: ['**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
)
