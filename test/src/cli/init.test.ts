import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { initCommand } from '../../../src/cli/init';
import { PROJECT_DEPENDENCIES } from '../../../src/project/new-project';
import { filesBelow, useTemporaryFolder } from '../../support/folders';

const folder = useTemporaryFolder();
const init = (name: string) =>
  initCommand(path.join(folder.path, name), { target: '1.33' }, { version: '1.2.3' });
const read = (name: string) => fs.readFileSync(path.join(folder.path, name), 'utf8');

describe('bulwark init', () => {
  it('writes a project for the version, named after its folder', () => {
    const { output, exitCode } = init('My Cluster!');
    expect(exitCode).toBe(0);
    for (const file of filesBelow(folder.path)) expect(output).toContain(file);
    expect(JSON.parse(read('My Cluster!/package.json'))).toMatchObject({
      name: 'my-cluster',
      private: true,
      dependencies: { 'cdk8s-bulwark': '1.2.3' },
    });
    expect(read('My Cluster!/main.ts')).toContain("ClusterTarget.kubernetes('1.33')");
    expect(
      filesBelow(folder.path)
        .map((file) => fs.readFileSync(file, 'utf8'))
        .join(),
    ).not.toContain('TARGET');
  });

  it.each([
    ['a file', 'main.ts', () => fs.writeFileSync(path.join(folder.path, 'main.ts'), 'mine')],
    ['a folder', 'README.md', () => fs.mkdirSync(path.join(folder.path, 'README.md'))],
    [
      'a link to nowhere',
      'tsconfig.json',
      () => fs.symlinkSync('nowhere', path.join(folder.path, 'tsconfig.json')),
    ],
    ['a file in place of a folder', 'test', () => fs.writeFileSync(path.join(folder.path, 'test'), 'mine')],
  ])('writes nothing where %s is in the way, and names it', (_what, name, make) => {
    make();
    const before = fs.readdirSync(folder.path);
    expect(() => init('.')).toThrow(
      `init: nothing was written, since these are in the way:\n  ${path.join(folder.path, name)}\nChoose`,
    );
    expect(fs.readdirSync(folder.path)).toEqual(before);
  });

  it('can be told every file that is in the way, after a project was made', () => {
    init('.');
    expect(() => init('.')).toThrow(/package\.json\n.*tsconfig\.json\n.*jest\.config\.js/);
  });

  it('writes a workflow whose actions cannot be replaced, with no right but to read', () => {
    init('.');
    const workflow = load(read('.github/workflows/cluster.yaml')) as {
      permissions: object;
      jobs: { cluster: { steps: { uses?: string }[] } };
    };
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const uses = workflow.jobs.cluster.steps.flatMap((step) => step.uses ?? []);
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) expect(action).toMatch(/@[0-9a-f]{40}$/);
  });

  it('asks for the versions that this package is tested with', () => {
    const { devDependencies } = JSON.parse(
      fs.readFileSync(path.join(__dirname, '../../../package.json'), 'utf8'),
    ) as { devDependencies: Record<string, string> };
    const { runtime, development } = PROJECT_DEPENDENCIES;
    expect(devDependencies).toMatchObject({ ...runtime, ...development });
  });
});
