import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as cdk8s from 'cdk8s';
import * as plus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { loadAll } from 'js-yaml';
import ts from 'typescript';
import * as bulwark from '../../constructs';
import type { Manifest } from '../../constructs';
import { useTemporaryFolder } from '../support/folders';
import { blocksOf, writtenPages } from '../support/pages';

const ROOT = join(__dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/how-to-constructs.md'), 'utf8');
const [PREAMBLE = ''] = codeOf(PAGE.split(/^## /m)[0]!);
const SECTIONS = PAGE.split(/^## /m)
  .slice(1)
  .map((text) => ({
    title: text.split('\n')[0]!,
    code: codeOf(text).join('\n'),
    output: [...text.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, yaml]) => loadAll(yaml!) as Manifest[]),
  }));
const PACKAGES: Readonly<Record<string, unknown>> = {
  cdk8s,
  'cdk8s-plus-27': plus,
  'cdk8s-bulwark': bulwark,
};
const folder = useTemporaryFolder();

function codeOf(text: string): string[] {
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
}

/** What the program that all begin with and a fragment synthesize. */
function synthesized(fragment: string): readonly Manifest[] {
  const code = `${PREAMBLE.replace('new Blueprint({', 'new Blueprint({ outdir,')}\n${fragment}\nresult = cluster.synth();`;
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page is ours, and to run it is the test
  const run = new Function('require', 'exports', 'outdir', `let result; ${outputText}; return result;`) as (
    ...args: unknown[]
  ) => bulwark.Synthesis;
  return run((name: string) => PACKAGES[name], {}, join(folder.path, 'dist')).manifests;
}

it.each(SECTIONS.map((section) => [section.title, section] as const))(
  'what is shown under "%s" is a part of what it synthesizes',
  (_title, { code, output }) => {
    const manifests = synthesized(code);
    for (const part of output) {
      const whole = manifests.find(
        ({ kind, metadata }) =>
          kind === part.kind &&
          metadata?.name === part.metadata?.name &&
          metadata?.namespace === part.metadata?.namespace,
      );
      expect(whole).toMatchObject(part);
    }
  },
);

/** What a program can make, or ask. */
function isConstruct(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof Construct;
}

it('every construct is in the index of the documentation, and in code that is compiled', () => {
  const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8');
  const code = writtenPages()
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'ts')
    .map((block) => block.code)
    .join('\n');
  const names = Object.entries(bulwark).flatMap(([name, value]) => (isConstruct(value) ? [name] : []));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !index.includes(`\`${name}\``))).toEqual([]);
  // One is made by `tenant.namespace(...)`, and never by its name.
  const unnamed = ['TenantNamespace'];
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual(unnamed);
});
