import { SNAPSHOT_TEST, PROGRAM } from './new-project-code';
import { readme } from './new-project-readme';

/** What a new project is made of. */
export interface NewProject {
  /** Name of the package: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Kubernetes version of the cluster, such as `1.33`. */
  readonly target: string;
  /** Version of this package. */
  readonly version: string;
}

/** A file with its path below the folder of the project, divided by `/`. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

/** What a project needs beside this package, in the versions that this one is tested with. */
export const PROJECT_DEPENDENCIES: Readonly<
  Record<'runtime' | 'development', Readonly<Record<string, string>>>
> = {
  runtime: { cdk8s: '2.70.106', 'cdk8s-plus-27': '2.9.5', constructs: '10.8.1' },
  development: {
    '@swc/core': '1.16.22',
    '@swc/jest': '0.2.39',
    '@types/jest': '30.0.0',
    '@types/node': '20.19.43',
    jest: '30.5.2',
    'ts-node': '10.9.2',
    typescript: '5.9.3',
  },
};

/** The files of a project that synthesizes, tests and passes the check as it is. */
export function newProject(project: NewProject): readonly ProjectFile[] {
  return [
    { path: 'package.json', text: json(packageOf(project)) },
    { path: 'tsconfig.json', text: json(TSCONFIG) },
    { path: 'jest.config.js', text: JEST_CONFIG },
    { path: 'cdk8s.yaml', text: 'language: typescript\napp: npx ts-node main.ts\n' },
    { path: 'bulwark.yaml', text: `target: '${project.target}'\nprofile: hardened\n` },
    { path: 'main.ts', text: PROGRAM.replaceAll('TARGET', project.target) },
    { path: 'test/cluster.test.ts', text: SNAPSHOT_TEST.replaceAll('TARGET', project.target) },
    { path: '.github/workflows/cluster.yaml', text: WORKFLOW },
    { path: '.gitignore', text: GITIGNORE },
    { path: 'README.md', text: readme(project) },
  ];
}

function packageOf({ name, version }: NewProject): object {
  const { runtime, development } = PROJECT_DEPENDENCIES;
  return {
    name,
    version: '0.0.0',
    private: true,
    scripts: {
      synth: 'ts-node main.ts',
      typecheck: 'tsc --noEmit',
      test: 'jest',
      check: 'bulwark check dist && bulwark isolated dist',
    },
    dependencies: { 'cdk8s-bulwark': version, ...runtime },
    devDependencies: development,
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'commonjs',
    moduleResolution: 'node10',
    strict: true,
    noUncheckedIndexedAccess: true,
    esModuleInterop: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node', 'jest'],
  },
  include: ['main.ts', 'test'],
  'ts-node': { transpileOnly: true },
};

const JEST_CONFIG = `module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\\\.ts$': '@swc/jest' },
};
`;

/** The actions are named by commit, since a tag can be moved to other code. */
const WORKFLOW = `name: cluster
on:
  push: { branches: [main] }
  pull_request:
permissions: { contents: read }
jobs:
  cluster:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: { persist-credentials: false }
      - uses: actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0
        with: { node-version: 22, cache: npm }
      - run: npm ci
      - run: npm run typecheck
      - run: npm run synth
      - name: dist is what the code makes
        run: test -z "$(git status --porcelain -- dist)" || { git status --short -- dist; exit 1; }
      - run: npm test -- --ci
      - run: npm run check
`;

const GITIGNORE = `node_modules/
coverage/

# dist is committed: a change of the code shows in review as a change of manifests.

# Never committed: secrets in the clear and the keys that open sealed ones.
.env
*.key
*.agekey
plain/
`;

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
