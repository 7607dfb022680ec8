import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { containerfile, wordsOf } from '../support/containerfile';
import { filesBelow } from '../support/folders';
import { change, shows, tutorialSteps } from './tutorial';

const ROOT = path.resolve(__dirname, '../..');
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};

const JAVASCRIPT = `
const { Blueprint, ClusterTarget, Tenant, HardenedDeployment } = require('cdk8s-bulwark');
const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.33'), outdir: process.argv[2] });
const ns = new Tenant(cluster, 'shop').namespace('web');
new HardenedDeployment(ns, 'api', { containers: [{ image: 'registry.example/api:1.0.0', port: 8080 }] });
cluster.synth();
`;

const JEST_TEST = `
require('cdk8s-bulwark/jest');
const { Testing } = require('cdk8s');
const { Deployment } = require('cdk8s-plus-27');
const { ClusterTarget, Hardening } = require('cdk8s-bulwark');

test('a stock workload violates controls, and hardened it passes them', () => {
  const chart = Testing.chart();
  new Deployment(chart, 'api', { containers: [{ image: 'registry.example/api:1.0.0' }] });
  expect(Testing.synth(chart)).toViolate('seccomp-profile');
  Hardening.apply(chart, { target: ClusterTarget.kubernetes('1.33') });
  expect(Testing.synth(chart)).not.toViolate('seccomp-profile');
  expect(Testing.synth(chart)).toPassControls({ profile: 'restricted', target: '1.33' });
});
`;

const MANIFESTS_ONLY = `
const manifests = require('cdk8s-bulwark/manifests');
const cdk8s = Object.keys(require.cache).filter((file) => /node_modules.(cdk8s|cdk8s-plus-27|constructs)[/\\\\]/.test(file));
console.log(JSON.stringify({ functions: Object.values(manifests).filter((x) => typeof x === 'function').length, cdk8s }));
`;

const TYPESCRIPT = `
import { Blueprint, ClusterTarget, HardenedDeployment, Tenant } from 'cdk8s-bulwark';
import * as manifests from 'cdk8s-bulwark/manifests';
import 'cdk8s-bulwark/jest';
const cluster: Blueprint = new Blueprint({ target: ClusterTarget.kubernetes('1.33'), outdir: 'out' });
const ns = new Tenant(cluster, 'shop').namespace('web');
new HardenedDeployment(ns, 'api', { containers: [{ image: 'registry.example/api:1.0.0', port: 8080 }] });
cluster.synth();
test('types of matchers', () => expect(cluster.synth().manifests).toPassControls({ profile: 'restricted' }));
export const names: string[] = Object.keys(manifests);
// @ts-expect-error a type that is known refuses what is wrong
new HardenedDeployment(ns, 'wrong', { containers: 'api' });
`;

const STOCK_APP = `
const { App, ApiObject, Chart } = require('cdk8s');
const app = new App();
const chart = new Chart(app, 'web', { namespace: 'shop' });
const hostPID = process.argv[2] === 'unsafe';
new ApiObject(chart, 'api', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'api' },
  spec: { ...(hostPID && { hostPID }), containers: [{ name: 'api', image: 'registry.example/api:1.0.0' }] } });
app.synth();
`;

/** The environment of a person: without what `npm test` adds to it, which would point a nested npm at this folder, or CI. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(CI|INIT_CWD|NODE_ENV|NODE_OPTIONS|npm_(package|lifecycle|config_local_prefix).*)$/.test(name),
  ),
);

/** Runs a program and returns what it printed; a failure shows everything it printed. */
function run(cwd: string, program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { cwd, env: environment, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

describe('the published package, installed into an empty project', () => {
  let project: string;
  let installed: string;

  beforeAll(() => {
    project = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-package-'));
    installed = path.join(project, 'node_modules/cdk8s-bulwark');
    run(ROOT, 'npm', 'pack', '--pack-destination', project);
    const tarball = fs.readdirSync(project).find((name) => name.endsWith('.tgz'));
    const others = ['cdk8s', 'cdk8s-plus-27', 'constructs'].map(
      (name) => `${name}@${manifest.devDependencies[name]}`,
    );
    fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "empty", "private": true }\n');
    const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
    run(project, 'npm', 'install', ...quick, `./${tarball}`, ...others);
    // Tools that use the package and that it does not bring: from here, since to install them takes as long as all the rest.
    for (const name of ['typescript', 'jest', '@types/jest', '.bin/tsc', '.bin/jest']) link(name);
  }, 300_000);

  afterAll(() => fs.rmSync(project, { recursive: true, force: true }));

  it('writes hardened manifests from JavaScript', () => {
    fs.writeFileSync(path.join(project, 'use.js'), JAVASCRIPT);
    run(project, process.execPath, 'use.js', 'out');
    const written = fs.readFileSync(path.join(project, 'out/10-shop-web.k8s.yaml'), 'utf8');
    expect(written).toContain('readOnlyRootFilesystem: true');
  });

  it('offers the manifest functions without loading cdk8s', () => {
    fs.writeFileSync(path.join(project, 'manifests.js'), MANIFESTS_ONLY);
    const { functions, cdk8s } = JSON.parse(run(project, process.execPath, 'manifests.js'));
    expect(cdk8s).toEqual([]);
    expect(functions).toBeGreaterThan(0);
  });

  it.each([
    ['node16', 'node16', '--skipLibCheck', 'false'],
    // The same declarations, found in another way.
    ['node10', 'commonjs', '--skipLibCheck', 'true'],
  ])(
    'has types for strict TypeScript that resolves modules like %s',
    (moduleResolution, module, ...check) => {
      fs.writeFileSync(path.join(project, 'use.ts'), TYPESCRIPT);
      // prettier-ignore
      run(project, 'npx', '--no-install', 'tsc', '--noEmit', '--strict', '--target', 'es2022',
      '--module', module, '--moduleResolution', moduleResolution, ...check, 'use.ts');
    },
  );

  it('works in a test that jest runs as it comes, with matchers for it', () => {
    fs.writeFileSync(path.join(project, 'chart.test.js'), JEST_TEST);
    run(project, 'npx', '--no-install', 'jest', '--ci');
  });

  it('fails or passes `cdk8s synth` of a stock app, as a validation of cdk8s-cli', () => {
    const { version } = manifest;
    // Where cdk8s-cli would install the plugin from the registry, were it not there.
    const plugins = path.join(project, 'plugins');
    const place = path.join(plugins, 'cdk8s-bulwark', version, 'node_modules');
    fs.mkdirSync(place, { recursive: true });
    fs.symlinkSync(installed, path.join(place, 'cdk8s-bulwark'));
    fs.writeFileSync(path.join(project, 'app.js'), STOCK_APP);
    const properties = { profile: 'baseline', target: '1.33' };
    const validations = [{ package: 'cdk8s-bulwark', class: 'BulwarkValidation', version, properties }];
    fs.writeFileSync(
      path.join(project, 'cdk8s.yaml'),
      JSON.stringify({ language: 'typescript', validations }),
    );
    const cli = path.join(ROOT, 'node_modules/cdk8s-cli/bin/cdk8s');
    const synth = (how: string) =>
      run(project, process.execPath, cli, 'synth', '--plugins-dir', plugins, '--app', `node app.js ${how}`);
    expect(synth('safe')).toContain('Validations finished');
    const told = /no-host-pid[^]*web\/api[^]*spec\.hostPID/;
    expect(() => synth('unsafe')).toThrow(told);
  });

  it('encrypts with age from plain CommonJS, although age is published as ES modules only', () => {
    const secret = 'kind: Secret\nstringData: { password: x }\n';
    const recipient = 'age1e0rfgdprqrd9yh07lcfg2phewm9pvz64al7amxp8ws5dl9gfucmqmucstr';
    fs.writeFileSync(path.join(project, 'secret.yaml'), secret);
    const args = ['bulwark', 'sops', 'encrypt', 'secret.yaml', '--age', recipient];
    expect(run(project, 'npx', '--no-install', ...args)).toMatch(/password: "ENC\[AES256_GCM,/);
  });

  it('installs a command that knows its version', () => {
    const printed = run(project, 'npx', '--no-install', 'bulwark', '--version');
    expect(printed.trim()).toBe(manifest.version);
  });

  it('makes a new project that passes its own check at once, and has no mistake in its types', () => {
    run(project, 'npx', '--no-install', 'bulwark', 'init', 'begun');
    const begun = path.join(project, 'begun');
    installBelow(begun);
    run(begun, 'npm', 'run', '--silent', 'synth');
    expect(run(begun, 'npm', 'run', '--silent', 'check')).toMatch(
      /^0 findings in \d+ objects\nNo pod of all/,
    );
    run(begun, 'npm', 'run', '--silent', 'typecheck');
  });

  it('has a Containerfile whose image starts the command on the manifests in it', () => {
    const stage = containerfile().at(-1)!;
    const image = path.join(project, 'image');
    const [modules, manifests] = stage
      .filter(({ name }) => name === 'COPY')
      .map(({ words }) => path.join(image, words.at(-1)!));
    fs.mkdirSync(path.dirname(modules!), { recursive: true });
    fs.symlinkSync(path.join(project, 'node_modules'), modules!);
    fs.mkdirSync(manifests!, { recursive: true });
    fs.writeFileSync(
      path.join(manifests!, 'shop.yaml'),
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n',
    );
    const [, program, ...words] = [...wordsOf(stage, 'ENTRYPOINT'), ...wordsOf(stage, 'CMD')];
    const line = [program!, ...words].map((word) => (word.startsWith('/') ? path.join(image, word) : word));
    const env = { PATH: '/nonexistent', HOME: '/nonexistent' };
    const { status, stderr } = spawnSync(process.execPath, line, { cwd: '/', env, encoding: 'utf8' });
    // It has read the manifests, and asks for the cluster.
    expect([status, stderr]).toEqual([2, expect.stringContaining('No cluster is named')]);
  });

  it('leads from an empty folder to two proven tenants, as the tutorial says to the letter', () => {
    const start = performance.now();
    let folder = path.join(project, 'tutorial');
    fs.mkdirSync(folder);
    for (const step of tutorialSteps()) {
      if (step.kind === 'change') change(folder, step);
      else if (step.line.startsWith('cd ')) folder = path.join(folder, step.line.slice(3));
      // What would come from the registry is there already.
      else if (step.line === 'npm install') installBelow(folder);
      else expectShown(step, print(folder, step.line.replace('--package cdk8s-bulwark', '--no-install')));
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(`The tutorial took ${seconds} s, without the time to install.\n`);
  });

  function expectShown({ line, output }: { line: string; output: string }, printed: string): void {
    if (!shows(output, printed)) expect(`$ ${line}\n${printed}`).toBe(`$ ${line}\n${output}`);
  }

  /** Everything that a command of the tutorial prints, also where it ends with an error. */
  function print(cwd: string, line: string): string {
    const { stdout, stderr } = spawnSync(line, { cwd, env: environment, encoding: 'utf8', shell: true });
    return stdout + stderr;
  }

  /** Puts a package or a command into the project, from where this package has it. */
  function link(name: string): void {
    const place = path.join(project, 'node_modules', name);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    if (!fs.existsSync(place)) fs.symlinkSync(path.join(ROOT, 'node_modules', name), place);
  }

  /** What a new project asks for beside the packages that are installed above it. */
  function installBelow(folder: string): void {
    for (const name of ['@swc', '@types/node', 'ts-node']) link(name);
    const bin = path.join(folder, 'node_modules/.bin');
    fs.mkdirSync(bin, { recursive: true });
    fs.symlinkSync(path.join(ROOT, 'node_modules/ts-node/dist/bin.js'), path.join(bin, 'ts-node'));
    fs.symlinkSync(path.join(installed, 'lib/src/cli/main.js'), path.join(bin, 'bulwark'));
  }

  it('holds nothing but the build and its papers', () => {
    const files = filesBelow(installed).map((file) => path.relative(installed, file));
    // Alerts lead to the runbooks of the package.
    const runbooks = fs
      .readdirSync(path.join(ROOT, 'docs/runbooks'))
      .map((page) => path.join('docs/runbooks', page));
    const papers = ['CHANGELOG.md', 'Containerfile', 'LICENSE', 'README.md', 'package.json', ...runbooks];
    const build = /^lib[/\\](src|constructs|vendor)[/\\].+(\.js|\.d\.ts|[/\\]LICENSE)$/;
    expect(files.filter((file) => !build.test(file)).sort()).toEqual(papers.sort());
    expect(files.filter((file) => /\.test\.|(^|[/\\])examples?[/\\]/.test(file))).toEqual([]);
  });

  it('does not tell where it was built', () => {
    const folder = ROOT.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const mention = new RegExp(`(?<![\\w.])${folder}(?![\\w-])`);
    const telling = filesBelow(installed).filter((file) => mention.test(fs.readFileSync(file, 'utf8')));
    expect(telling).toEqual([]);
  });
});
