import fs from 'node:fs';
import path from 'node:path';
import { addOutputFile } from '../../../constructs/blueprint/output-file';
import { replaceFolder } from '../../../constructs/blueprint/writer';
import { useTemporaryFolder } from '../../support/folders';
import { errorOf } from '../../support/objects';
import { blueprint } from '../support';

const folder = useTemporaryFolder();
const dist = () => path.join(folder.path, 'dist');
const inDist = (name: string) => path.join(dist(), name);
const read = (name: string) => fs.readFileSync(inDist(name), 'utf8');

/** Every file and link below the output folder, without the lists of what was made. */
function tree(): string[] {
  return fs
    .readdirSync(dist(), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.made'))
    .map((entry) => path.relative(dist(), path.join(entry.parentPath, entry.name)))
    .sort();
}

const write = (files: Record<string, string>) => replaceFolder(dist(), new Map(Object.entries(files)));

describe('files in folders beside the manifests', () => {
  it('are replaced and removed as the manifests are, whatever they begin with', () => {
    write({ 'nodes/seccomp/web.json': '{}', 'nodes/README.md': 'one' });
    write({ 'nodes/README.md': 'two', 'control-plane/audit.yaml': 'x' });
    expect(tree()).toEqual(['control-plane/audit.yaml', 'nodes/README.md']);
    expect(read('nodes/README.md')).toBe('two');
    expect(fs.existsSync(inDist('nodes/seccomp'))).toBe(false);
    write({});
    expect(fs.readdirSync(dist())).toEqual([]);
  });

  it('leave what somebody else put into the same folders', () => {
    write({ 'nodes/apparmor/web': 'a' });
    fs.writeFileSync(inDist('nodes/apparmor/mine'), 'mine');
    fs.mkdirSync(inDist('nodes/empty'));
    fs.symlinkSync('mine', inDist('nodes/apparmor/link'));
    fs.chmodSync(inDist('nodes/apparmor'), 0o700);
    write({ 'nodes/apparmor/api': 'b' });
    expect(tree()).toEqual(['nodes/apparmor/api', 'nodes/apparmor/link', 'nodes/apparmor/mine']);
    expect(fs.statSync(inDist('nodes/apparmor')).mode & 0o777).toBe(0o700);
    write({});
    expect(tree()).toEqual(['nodes/apparmor/link', 'nodes/apparmor/mine']);
    expect(fs.existsSync(inDist('nodes/empty'))).toBe(true);
  });

  it.each([
    ['a file of the same path', () => fs.writeFileSync(inDist('nodes/apparmor/web'), 'mine')],
    ['a folder of the same path', () => fs.mkdirSync(inDist('nodes/apparmor/web'))],
  ])('do not overwrite %s', (_, make) => {
    fs.mkdirSync(inDist('nodes/apparmor'), { recursive: true });
    make();
    const error = errorOf(() => write({ 'nodes/apparmor/web': 'a' }));
    expect(error.message).toContain(`${inDist('nodes/apparmor/web')} was not made by a synthesis`);
  });

  it('do not go through a file or a link that stands where a folder should be', () => {
    fs.mkdirSync(inDist('nodes'), { recursive: true });
    fs.symlinkSync(folder.path, inDist('nodes/apparmor'));
    const error = errorOf(() => write({ 'nodes/apparmor/web': 'a' }));
    expect(error.message).toContain(`${inDist('nodes/apparmor')} was not made by a synthesis`);
    expect(fs.existsSync(path.join(folder.path, 'web'))).toBe(false);
  });

  it('are not written a second time when nothing changed', () => {
    write({ 'nodes/apparmor/web': 'a' });
    const before = fs.statSync(inDist('nodes/apparmor/web')).ino;
    write({ 'nodes/apparmor/web': 'a' });
    expect(fs.statSync(inDist('nodes/apparmor/web')).ino).toBe(before);
    fs.writeFileSync(inDist('nodes/apparmor/web'), 'edited');
    write({ 'nodes/apparmor/web': 'a' });
    expect(read('nodes/apparmor/web')).toBe('a');
  });
});

describe('addOutputFile', () => {
  it('lets a construct add one, which synth writes and names', () => {
    const { cluster, web } = blueprint();
    addOutputFile(web, { path: 'nodes/apparmor/web', content: () => 'profile web {}\n' });
    const { otherFiles, files } = cluster.synth();
    expect(otherFiles).toEqual(['nodes/apparmor/web']);
    expect(files.every((name) => !name.includes('/'))).toBe(true);
    const written = path.join(cluster.outdir, 'nodes/apparmor/web');
    expect(fs.readFileSync(written, 'utf8')).toBe('profile web {}\n');
  });

  it.each(['web', '../web/x', 'nodes/../x', '/etc/x', 'nodes//x', 'nodes/.x', 'nodes/a b'])(
    'refuses the path %s',
    (name) => {
      const { web } = blueprint();
      expect(() => addOutputFile(web, { path: name, content: () => '' })).toThrow(
        /is no path for a file beside the manifests/,
      );
    },
  );

  it('refuses a second file of one path', () => {
    const { cluster, web } = blueprint();
    for (const text of ['a', 'b']) addOutputFile(web, { path: 'nodes/x', content: () => text });
    expect(() => cluster.synth()).toThrow(/a file nodes\/x is there already/);
  });
});
