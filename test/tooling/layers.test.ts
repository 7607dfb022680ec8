import { execFileSync } from 'node:child_process';
import * as path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/**
 * Lints code with the project's configuration as if it stood in the named file. In a process of its own, since ESLint
 * loads its configuration as an ES module. Rules that need types are off: the files do not exist.
 */
const LINT = `
  import { readFileSync } from 'node:fs';
  import { ESLint } from 'eslint';
  import tseslint from 'typescript-eslint';
  const eslint = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
  const results = [];
  for (const { file, code } of JSON.parse(readFileSync(0, 'utf8'))) {
    const [result] = await eslint.lintText(code, { filePath: file });
    results.push(result.messages.map(({ ruleId, message }) => (ruleId ?? 'none') + ': ' + message));
  }
  process.stdout.write(JSON.stringify(results));
`;

interface Case {
  readonly file: string;
  readonly code: string;
}

const use = (module: string) => `import * as used from '${module}';\nexport const value = used;\n`;

const ifs = (count: number) => {
  const body = Array.from({ length: count }, (_, i) => `  if (n === ${i}) return ${i};`).join('\n');
  return `export function pick(n: number): number {\n${body}\n  return -1;\n}\n`;
};

const nested = (depth: number) =>
  `export function deep(n: number): number {\n${'if (n) {'.repeat(depth)} return 1; ${'}'.repeat(depth)}\nreturn 0;\n}\n`;

const parameters = (count: number) => {
  const names = Array.from({ length: count }, (_, i) => `p${i}`);
  return `export const sum = (${names.map((n) => `${n}: number`).join(', ')}): number => ${names.join(' + ')};\n`;
};

const REFUSED: readonly (Case & { readonly name: string; readonly message: string })[] = [
  ...[
    ['cdk8s', 'src/hardening/x.ts', 'cdk8s', 'must work without cdk8s'],
    ['a file of cdk8s', 'src/hardening/x.ts', 'cdk8s/lib/yaml', 'must work without cdk8s'],
    ['cdk8s-plus-27', 'src/hardening/x.ts', 'cdk8s-plus-27', 'must work without cdk8s'],
    ['the package constructs', 'src/hardening/x.ts', 'constructs', 'must work without cdk8s'],
    ['the folder constructs', 'src/hardening/x.ts', '../../constructs', 'must work without cdk8s'],
    ['a construct', 'src/index.ts', '../constructs/blueprint/x', 'must work without cdk8s'],
    ['cdk8s', 'src/cli/x.ts', 'cdk8s', 'must work without cdk8s'],
    ['node:fs', 'src/hardening/x.ts', 'node:fs', 'no input or output outside src/cli/'],
    ['fs/promises', 'src/hardening/x.ts', 'fs/promises', 'no input or output outside src/cli/'],
    ['node:child_process', 'src/report/x.ts', 'node:child_process', 'no input or output outside src/cli/'],
    ['node:https', 'src/report/x.ts', 'node:https', 'no input or output outside src/cli/'],
    ['the command', 'src/index.ts', './cli/main', 'Only the command itself uses src/cli/'],
    [
      'the command',
      'constructs/blueprint/x.ts',
      '../../src/cli/main',
      'Only the command itself uses src/cli/',
    ],
    ['an example', 'constructs/index.ts', '../examples/x', 'does not depend on examples/ or test/'],
    ['a test', 'constructs/blueprint/x.ts', '../../test/x', 'does not depend on examples/ or test/'],
    ['a benchmark', 'constructs/blueprint/x.ts', '../../bench/x', 'Nothing imports it'],
    ['a benchmark', 'test/x.test.ts', '../bench/x', 'Nothing imports it'],
  ].map(([what = '', file = '', module = '', message = '']) => ({
    name: `${what} imported from ${file}`,
    file,
    code: use(module),
    message: `@typescript-eslint/no-restricted-imports: .*${message}`,
  })),
  ...['src/hardening/x.ts', 'constructs/blueprint/x.ts'].flatMap((file) => [
    { name: `complexity 11 in ${file}`, file, code: ifs(10), message: 'complexity: .*complexity of 11' },
    { name: `depth 4 in ${file}`, file, code: nested(4), message: 'max-depth: .*\\(4\\)' },
    { name: `5 parameters in ${file}`, file, code: parameters(5), message: 'max-params: .*\\(5\\)' },
    { name: `any in ${file}`, file, code: 'export const x = (v: any) => v;\n', message: 'no-explicit-any: ' },
    { name: `console in ${file}`, file, code: 'console.log(1);\n', message: 'no-console: ' },
    { name: `import() in ${file}`, file, code: 'export const x = import("yaml");\n', message: 'statically' },
    {
      name: `a type imported as a value in ${file}`,
      file,
      code: "import { Document } from 'yaml';\nexport type X = Document;\n",
      message: 'consistent-type-imports: ',
    },
  ]),
];

const ALLOWED: readonly (Case & { readonly name: string })[] = [
  { name: 'node:fs imported from src/cli', file: 'src/cli/x.ts', code: use('node:fs') },
  { name: 'console in src/cli', file: 'src/cli/x.ts', code: 'console.log(1);\n' },
  { name: 'cdk8s imported from constructs', file: 'constructs/blueprint/x.ts', code: use('cdk8s') },
  { name: 'src imported from constructs', file: 'constructs/blueprint/x.ts', code: use('../../src/index') },
  { name: 'constructs imported from examples', file: 'examples/x.ts', code: use('../constructs') },
  { name: 'a benchmark importing its neighbour', file: 'bench/synth/x.ts', code: use('../bench/synth/y') },
  ...['src/hardening/x.ts', 'constructs/blueprint/x.ts'].flatMap((file) => [
    { name: `complexity 10 in ${file}`, file, code: ifs(9) },
    { name: `depth 3 in ${file}`, file, code: nested(3) },
    { name: `4 parameters in ${file}`, file, code: parameters(4) },
  ]),
];

describe('the lint configuration', () => {
  const found = new Map<Case, string>();

  beforeAll(() => {
    const cases: readonly Case[] = [...REFUSED, ...ALLOWED];
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', LINT], {
      cwd: ROOT,
      input: JSON.stringify(cases),
      encoding: 'utf8',
    });
    const results = JSON.parse(output) as string[][];
    cases.forEach((one, i) => found.set(one, results[i]?.join('\n') ?? 'no result'));
  });

  it.each(REFUSED.map((one) => [one.name, one] as const))('refuses %s', (_, one) => {
    expect(found.get(one)).toMatch(new RegExp(one.message));
  });

  it.each(ALLOWED.map((one) => [one.name, one] as const))('allows %s', (_, one) => {
    expect(found.get(one)).toBe('');
  });
});
