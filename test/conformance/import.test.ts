import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Blueprint } from '../../constructs';
import { readPaths } from '../../src/cli/input';
import { importManifests, type ImportedProgram } from '../../src/import/import';
import { identityOf, isObject, type Manifest } from '../../src/manifest/manifest';
import { formatConnections } from '../../src/network/format';
import { analyzeNetwork } from '../../src/network/reachability';
import { ClusterTarget } from '../../src/target/target';
import { useTemporaryFolder } from '../support/folders';
import { runProgram } from '../support/run-program';

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

/** Imports manifests, runs the program that came of it, and returns what it synthesizes. */
function again(manifests: readonly Manifest[]) {
  const program = importManifests(manifests, OPTIONS);
  const files = new Map(program.files.map((file) => [file.path, file.text]));
  const { cluster } = runProgram(files) as { cluster: (outdir: string) => Blueprint };
  const synthesized = cluster(path.join(folder.path, 'dist')).synth().manifests;
  return { ...program, synthesized };
}

function manifestsIn(place: string): Manifest[] {
  const { manifests, errors } = readPaths([place]);
  expect(errors).toEqual([]);
  return manifests.map(({ manifest }) => manifest);
}

const connectionsOf = (manifests: readonly Manifest[]) =>
  formatConnections(analyzeNetwork(manifests).connections());

/** What an object says and the other does not, by path; what only a server or a controller writes is passed over. */
function lost(was: unknown, is: unknown, at = ''): string[] {
  if (/^\.(status|metadata\.(uid|resourceVersion|generation|creationTimestamp|selfLink))$/.test(at))
    return [];
  if (/last-applied-configuration|\/waive\.|^\.metadata\.managedFields|deprecated.daemonset/.test(at))
    return [];
  if (was === null || JSON.stringify(was) === '{}') return [];
  if (Array.isArray(was)) {
    if (!Array.isArray(is)) return was.length === 0 ? [] : [at];
    return was.flatMap((entry: unknown, index) => lost(...partners(entry, is, index), `${at}[${index}]`));
  }
  if (isObject(was)) {
    return Object.entries(was).flatMap(([key, value]) =>
      lost(value, isObject(is) ? is[key] : undefined, `${at}.${key}`),
    );
  }
  // A quantity may be written as a number, and is a text then.
  const text = (value: unknown) => JSON.stringify(value ?? null).replaceAll('"', '');
  return text(was) === text(is) ? [] : [at];
}

/** An entry of a list, and the one that it became: the hardening adds others, so one with a name is looked for by it. */
function partners(entry: unknown, others: unknown[], index: number): [was: unknown, is: unknown] {
  const find = (key: string, value: unknown) =>
    others.find((other) => isObject(other) && JSON.stringify(other[key]) === JSON.stringify(value));
  // The Linux capability of all; the API server takes any case of it, and Pod Security one.
  if (entry === 'all') return ['ALL', others[index]];
  if (!isObject(entry)) return [entry, others[index]];
  // An empty folder may have become a writable path, with a volume of another name at the same place.
  if (isObject(entry.emptyDir)) return [{}, find('emptyDir', entry.emptyDir)];
  if (entry.mountPath !== undefined) return [{ ...entry, name: null }, find('mountPath', entry.mountPath)];
  return [entry, entry.name === undefined ? others[index] : find('name', entry.name)];
}

/** Everything that manifests say and the synthesized ones do not. */
function lostOf(manifests: readonly Manifest[], synthesized: readonly Manifest[]): string[] {
  const made = new Map(synthesized.map((manifest) => [identityOf(manifest), manifest]));
  return manifests.flatMap((manifest) => {
    const identity = identityOf(manifest);
    return lost(manifest, made.get(identity)).map((field) => `${identity}${field}`);
  });
}

describe('the example, imported and synthesized again', () => {
  it('says all that it said, and connects what it connected', () => {
    const manifests = manifestsIn(path.join(ROOT, 'dist'));
    const { files, outcomes, synthesized } = again(manifests);
    expect(connectionsOf(synthesized)).toBe(connectionsOf(manifests));
    expect(lostOf(manifests, synthesized)).toEqual([]);
    expect(outcomes).toHaveLength(manifests.length);
    expect(synthesized).toHaveLength(manifests.length);
    written.set('example', files);
  });
});

describeWithCorpus('Published clusters, imported and synthesized again (needs BULWARK_CORPORA)', () => {
  it.each(CLUSTERS)('%s says all that it said, and connects what it connected', (cluster) => {
    const manifests = manifestsIn(path.join(CORPUS!, cluster, 'manifests'));
    const { files, outcomes, synthesized } = again(manifests);
    expect(connectionsOf(synthesized)).toBe(connectionsOf(manifests));
    expect(lostOf(manifests, synthesized)).toEqual([]);
    expect(outcomes).toHaveLength(manifests.length);
    written.set(cluster, files);
  });
});

it('the code is formatted as prettier would', () => {
  expect(written.size).toBeGreaterThan(0);
  for (const [cluster, files] of written) {
    for (const { path: name, text } of files) {
      const file = path.join(folder.path, cluster, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  const prettier = path.join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
  const options = ['--no-config', '--single-quote', '--print-width', '100'];
  const args = [prettier, '--list-different', ...options, folder.path];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('');
});
