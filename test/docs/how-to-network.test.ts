import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import ts from 'typescript';
import * as bulwark from '../../constructs';
import { useTemporaryFolder } from '../support/folders';

const PAGE = readFileSync(join(__dirname, '../../docs/how-to-network.md'), 'utf8');
const [PREAMBLE, ...FRAGMENTS] = [...PAGE.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
const OUTPUTS = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => load(yaml!) as object);
const TITLES = [...PAGE.matchAll(/^## (.*)$/gm)].map(([, title]) => title!);
const folder = useTemporaryFolder();

/** Runs a fragment after the program that all of them begin with, and returns what its policy for `api` opens. */
function opened(fragment: string): object {
  const code =
    PREAMBLE!.replace('{ target }', '{ target, outdir }') + fragment + '\nresult = cluster.synth();';
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page is ours, and to run it is the test
  const run = new Function('require', 'exports', 'outdir', `let result; ${outputText}; return result;`) as (
    ...args: unknown[]
  ) => bulwark.Synthesis;
  const { manifests } = run(() => bulwark, {}, join(folder.path, 'dist'));
  const policy = manifests.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata?.name === 'api');
  const { podSelector: _pods, policyTypes: _types, ...rest } = policy!.spec as Record<string, unknown>;
  return rest;
}

describe('the how-to of the network', () => {
  it('shows the output of each of its programs', () => {
    expect(OUTPUTS.length).toBeGreaterThan(8);
    expect(FRAGMENTS).toHaveLength(OUTPUTS.length);
  });

  it.each(FRAGMENTS.map((fragment, index) => [TITLES[index]!, fragment, OUTPUTS[index]!] as const))(
    'under "%s"',
    (_, fragment, output) => {
      expect(opened(fragment)).toEqual(output);
    },
  );
});
