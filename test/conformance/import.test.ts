import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { readPaths } from '../../src/cli/input';
import type { ImportedProgram } from '../../src/import/import';
import type { Manifest } from '../../src/manifest/manifest';
import { formatConnections } from '../../src/network/format';
import { analyzeNetwork } from '../../src/network/reachability';
import { ClusterTarget } from '../../src/target/target';
import { differences, rightsOf, rulesOf } from '../support/equivalence';
import { useTemporaryFolder } from '../support/folders';
import { importAndSynthesize } from '../support/imported';

const ROOT = path.join(__dirname, '../..');
const CORPUS = corpus();
const describeWithCorpus = CORPUS ? describe : describe.skip;
const CLUSTERS = CORPUS ? readdirSync(CORPUS).filter((name) => name !== 'LICENSE') : [];
const OPTIONS = { target: ClusterTarget.kubernetes('1.33'), now: new Date('2026-06-15T12:00:00Z') };
const folder = useTemporaryFolder();
/** The programs that came of it, to be looked at once all are there. */
const written = new Map<string, ImportedProgram['files']>();

/** @throws in CI, where a skipped test would pass for a good one. */
function corpus(): string | undefined {
  const cases = process.env.BULWARK_CORPORA && path.join(process.env.BULWARK_CORPORA, 'network-policy');
  if (cases && existsSync(cases)) return cases;
  if (process.env.CI) throw new Error('BULWARK_CORPORA must name the folder of published cases in CI');
  return undefined;
}

function manifestsIn(place: string): Manifest[] {
  const { manifests, errors } = readPaths([place]);
  expect(errors).toEqual([]);
  return manifests.map(({ manifest }) => manifest);
}

const connectionsOf = (manifests: readonly Manifest[]) =>
  formatConnections(analyzeNetwork(manifests).connections());

/** Imports, synthesizes, and holds both against each other. */
function expectTheSame(name: string, manifests: readonly Manifest[]) {
  const place = path.join(folder.path, name);
  const { files, outcomes, synthesized } = importAndSynthesize(manifests, place, OPTIONS);
  expect(connectionsOf(synthesized)).toBe(connectionsOf(manifests));
  expect(differences(manifests, synthesized, { outcomes, target: OPTIONS.target })).toEqual([]);
  expect(rightsOf(synthesized)).toEqual(rightsOf(manifests));
  expect(rulesOf(synthesized)).toEqual(rulesOf(manifests));
  expect(outcomes).toHaveLength(manifests.length);
  written.set(name, files);
  return { files, outcomes, synthesized };
}

describe('the example, imported and synthesized again', () => {
  it('says all that it said, and connects what it connected', () => {
    const manifests = manifestsIn(path.join(ROOT, 'dist'));
    const { synthesized } = expectTheSame('example', manifests);
    expect(synthesized).toHaveLength(manifests.length);
  });
});

describeWithCorpus('Published clusters, imported and synthesized again (needs BULWARK_CORPORA)', () => {
  it.each(CLUSTERS)('%s says all that it said, and connects what it connected', (cluster) => {
    expectTheSame(cluster, manifestsIn(path.join(CORPUS!, cluster, 'manifests')));
  });
});

describe('a rendered chart, imported and synthesized again', () => {
  const chart = (name: string) => manifestsIn(path.join(__dirname, `fixtures/charts/${name}.yaml`));
  const plainOf = ({ outcomes }: ReturnType<typeof expectTheSame>) =>
    outcomes.filter(({ became }) => became === 'ApiObject').map(({ object }) => object);

  it('is what it was, of a router with its webhook, its jobs and its rights', () => {
    const result = expectTheSame('edge-router', chart('edge-router'));
    expect(plainOf(result)).toEqual([
      'CustomResourceDefinition edgeroutes.edge.example.com',
      'ClusterRole edge-router-operator',
      'IngressClass edge',
      'ValidatingWebhookConfiguration edge-router-admission',
      'NetworkPolicy edge/edge-router',
      'PodDisruptionBudget edge/edge-router-default',
      'HorizontalPodAutoscaler edge/edge-router-default',
    ]);
  });

  it('is what it was, of a database with its backup, save its Secret', () => {
    const result = expectTheSame('ledger-db', chart('ledger-db'));
    expect(JSON.stringify(result.files)).not.toMatch(/chart-canary|Y2hhcnQt/);
    expect(plainOf(result)).toEqual([
      'NetworkPolicy ledger/ledger-db-backup',
      'PodDisruptionBudget ledger/ledger-db',
    ]);
  });
});

/** Writes all programs, and returns the paths of their files. */
function writeAll(): string[] {
  expect(written.size).toBeGreaterThan(0);
  return [...written].flatMap(([name, files]) =>
    files.map(({ path: file, text }) => {
      const place = path.join(folder.path, name, file);
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, text);
      return place;
    }),
  );
}

it('the code has no mistake in its types', () => {
  const files = writeAll();
  const options: ts.CompilerOptions = {
    ...{ strict: true, noUnusedLocals: true, noEmit: true, skipLibCheck: true, esModuleInterop: true },
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    types: ['node'],
    typeRoots: [path.join(ROOT, 'node_modules/@types')],
    baseUrl: ROOT,
    paths: {
      'cdk8s-bulwark': [path.join(ROOT, 'constructs/index.ts')],
      '*': [path.join(ROOT, 'node_modules/*')],
    },
  };
  const program = ts.createProgram(files, options);
  const mistakes = files.flatMap((file) => {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file} is not there`);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) =>
        `${path.relative(folder.path, file)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
  expect(mistakes).toEqual([]);
});

it('the code is formatted as prettier would', () => {
  writeAll();
  const prettier = path.join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
  const options = ['--no-config', '--single-quote', '--print-width', '100'];
  const args = [prettier, '--list-different', ...options, `${folder.path}/**/*.ts`];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('');
});
