import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const PURE = 'src/ holds plain manifests and must work without cdk8s. Put this into constructs/.';
const LAYER = {
  cdk8s: { regex: '^(cdk8s[^/]*|constructs)(/|$)', message: PURE },
  constructs: { regex: '^\\.\\.?/(.*/)?constructs(/|$)', message: PURE },
  io: {
    regex: '^(node:)?(fs|child_process|https?|http2)(/|$)',
    message: 'src/ does no input or output outside src/cli/. Take the data as a parameter.',
  },
  cli: {
    regex: '^\\.\\.?/(.*/)?cli(/|$)',
    message: 'Only the command itself uses src/cli/. Move what is shared to another folder of src/.',
  },
  callers: {
    regex: '^\\.\\.?/(.*/)?(examples|test)(/|$)',
    message: 'Product code does not depend on examples/ or test/.',
  },
  bench: {
    regex: '^\\.\\.?/(.*/)?bench(/|$)',
    message: 'bench/ is the outermost layer. Nothing imports it.',
  },
};

const refuseImports = (...patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
});

const TYPESCRIPT = '**/*.ts';
const PRODUCT = ['src/**/*.ts', 'constructs/**/*.ts'];

export default tseslint.config(
  { ignores: ['lib/', 'dist/', 'coverage/', '.cache/', '**/fixtures/'] },
  js.configs.recommended,
  { files: ['**/*.js'], languageOptions: { globals: { module: 'writable', require: 'readonly' } } },
  {
    files: [TYPESCRIPT],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      ...refuseImports(LAYER.bench),
    },
  },
  {
    files: PRODUCT,
    rules: {
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-statements': ['error', 25],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ImportExpression', message: 'Import statically, so that the layer rules see it.' },
      ],
    },
  },
  // A rule of a later block replaces that of an earlier one, so each layer lists everything it refuses.
  {
    files: ['src/**/*.ts'],
    rules: refuseImports(LAYER.cdk8s, LAYER.constructs, LAYER.io, LAYER.cli, LAYER.callers, LAYER.bench),
  },
  {
    files: ['src/files/**/*.ts'],
    rules: refuseImports(LAYER.cdk8s, LAYER.constructs, LAYER.cli, LAYER.callers, LAYER.bench),
  },
  {
    files: ['src/cli/**/*.ts'],
    rules: {
      'no-console': 'off',
      ...refuseImports(LAYER.cdk8s, LAYER.constructs, LAYER.callers, LAYER.bench),
    },
  },
  {
    files: ['constructs/**/*.ts'],
    rules: refuseImports(LAYER.cli, LAYER.callers, LAYER.bench),
  },
  { files: ['bench/**/*.ts'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  prettier,
);
