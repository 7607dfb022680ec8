import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../../../constructs';
import { FILE_HEADER, replaceFolder } from '../../../constructs/blueprint/writer';
import { filesIn, useTemporaryFolder } from '../../support/folders';
import { errorOf } from '../../support/objects';

const folder = useTemporaryFolder();
const dist = () => path.join(folder.path, 'dist');
const inDist = (name: string) => path.join(dist(), name);
const made = (content: string) => `${FILE_HEADER}${content}\n`;

/** Synthesizes files of the given names. */
function write(files: Record<string, string>): void {
  replaceFolder(dist(), new Map(Object.entries(files).map(([name, content]) => [name, made(content)])));
}

/** Lets the next call of a function of `fs` fail. */
function failOnce(name: 'linkSync' | 'renameSync' | 'mkdirSync', code: string): void {
  const error = Object.assign(new Error(`${code}: made to fail`), { code });
  jest.spyOn(fs, name).mockImplementationOnce(() => {
    throw error;
  });
}

afterEach(() => jest.restoreAllMocks());

describe('a synthesis into a folder that holds more than manifests', () => {
  beforeEach(() => {
    write({ 'a.yaml': 'a', 'b.yaml': 'b' });
    fs.writeFileSync(inDist('README.md'), 'Mine.');
  });

  it('removes the files that it made and that are no more, and nothing else', () => {
    fs.writeFileSync(inDist('mine.yaml'), 'kind: ConfigMap\n');
    fs.mkdirSync(inDist('control-plane'));
    // Below a folder nothing was made, whatever it looks like.
    fs.writeFileSync(inDist('control-plane/old.yaml'), made('x'));
    write({ 'b.yaml': 'b2', 'c.yaml': 'c' });
    expect(fs.readdirSync(dist()).sort()).toEqual([
      'README.md',
      'b.yaml',
      'c.yaml',
      'control-plane',
      'mine.yaml',
    ]);
    expect(fs.readFileSync(inDist('control-plane/old.yaml'), 'utf8')).toBe(made('x'));
    expect(fs.readFileSync(inDist('mine.yaml'), 'utf8')).toBe('kind: ConfigMap\n');
  });

  it("keeps a file of the user's the same file, with its times, owner and hard links", () => {
    const before = fs.statSync(inDist('README.md'));
    write({ 'a.yaml': 'changed' });
    const { ino, mtimeMs, mode, uid } = fs.statSync(inDist('README.md'));
    expect({ ino, mtimeMs, mode, uid }).toEqual({
      ino: before.ino,
      mtimeMs: before.mtimeMs,
      mode: before.mode,
      uid: before.uid,
    });
  });

  it.each([
    ['a file', (name: string) => fs.writeFileSync(inDist(name), 'kind: ConfigMap\n')],
    ['an empty file', (name: string) => fs.writeFileSync(inDist(name), '')],
    ['a folder', (name: string) => fs.mkdirSync(inDist(name))],
    ['a link', (name: string) => fs.symlinkSync('elsewhere', inDist(name))],
    // A link to a made file is no made file.
    ['a link to what was made', (name: string) => fs.symlinkSync('a.yaml', inDist(name))],
  ])('refuses to overwrite %s of the user, and writes nothing', (_, make) => {
    make('c.yaml');
    const names = fs.readdirSync(dist());
    const error = errorOf(() => write({ 'a.yaml': 'a2', 'c.yaml': 'c' }));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toBe(
      `${inDist('c.yaml')} was not made by a synthesis and would be overwritten. Move it away, or choose another outdir. Nothing was written.`,
    );
    expect(fs.readdirSync(dist())).toEqual(names);
    expect(fs.readFileSync(inDist('a.yaml'), 'utf8')).toBe(made('a'));
    expect(fs.readdirSync(folder.path)).toEqual(['dist']);
  });

  it('replaces a made file that somebody edited below its first line', () => {
    fs.appendFileSync(inDist('a.yaml'), 'edited: true\n');
    write({ 'a.yaml': 'a', 'b.yaml': 'b' });
    expect(fs.readFileSync(inDist('a.yaml'), 'utf8')).toBe(made('a'));
  });

  it('keeps the mode of the folder, so that what only its owner may read stays so', () => {
    fs.chmodSync(dist(), 0o700);
    write({ 'a.yaml': 'a2' });
    expect(fs.statSync(dist()).mode & 0o7777).toBe(0o700);
  });

  it('keeps a read-only folder in it as it is', () => {
    fs.mkdirSync(inDist('sealed'));
    fs.writeFileSync(inDist('sealed/x'), 'x');
    fs.chmodSync(inDist('sealed'), 0o555);
    write({ 'a.yaml': 'a2' });
    expect(fs.statSync(inDist('sealed')).mode & 0o7777).toBe(0o555);
    expect(fs.readFileSync(inDist('sealed/x'), 'utf8')).toBe('x');
  });

  it('copies a file where the file system gives it no second name', () => {
    failOnce('linkSync', 'EPERM');
    write({ 'a.yaml': 'a2' });
    expect(filesIn(dist())).toEqual({ 'README.md': 'Mine.', 'a.yaml': made('a2') });
  });
});

describe('an outdir', () => {
  it('that is a link to a folder stays one', () => {
    fs.mkdirSync(path.join(folder.path, 'real'));
    fs.symlinkSync('real', dist());
    write({ 'a.yaml': 'a' });
    expect(fs.readlinkSync(dist())).toBe('real');
    expect(filesIn(path.join(folder.path, 'real'))).toEqual({ 'a.yaml': made('a') });
  });

  it('that is a link to a folder which is not there yet is made there', () => {
    fs.symlinkSync('one', dist());
    fs.symlinkSync('two', path.join(folder.path, 'one'));
    write({ 'a.yaml': 'a' });
    expect(filesIn(path.join(folder.path, 'two'))).toEqual({ 'a.yaml': made('a') });
  });

  it('that is a link to itself is an error, not an endless loop', () => {
    fs.symlinkSync('dist', dist());
    expect(() => write({ 'a.yaml': 'a' })).toThrow(/ENOTDIR|ELOOP/);
    expect(fs.readdirSync(folder.path)).toEqual(['dist']);
  });

  it('that is a file is refused', () => {
    fs.writeFileSync(dist(), 'I am a file.');
    const error = errorOf(() => write({ 'a.yaml': 'a' }));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toBe(
      `Cannot write to ${dist()} (ENOTDIR): it is not a folder. Choose another outdir. What was there before is unchanged.`,
    );
    expect(fs.readFileSync(dist(), 'utf8')).toBe('I am a file.');
  });

  it('where no folder can be made is refused', () => {
    const error = errorOf(() => replaceFolder('/proc/dist', new Map([['a.yaml', made('a')]])));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toBe(
      'Cannot write to /proc/dist (ENOENT): its parent folder takes nothing new, as those below /proc do not, or is being removed. ' +
        'Choose another outdir. What was there before is unchanged.',
    );
  });

  it.each(['', 'deeper'])('that holds the working directory (%j below it) is refused', (below) => {
    const cwd = path.join(dist(), below);
    fs.mkdirSync(cwd, { recursive: true });
    jest.spyOn(process, 'cwd').mockReturnValue(cwd);
    expect(() => write({ 'a.yaml': 'a' })).toThrow(`${dist()} holds the working directory`);
    expect(fs.readdirSync(folder.path)).toEqual(['dist']);
  });

  it('whose name begins like that of the working directory is not', () => {
    fs.mkdirSync(dist());
    jest.spyOn(process, 'cwd').mockReturnValue(`${dist()}-2`);
    write({ 'a.yaml': 'a' });
    expect(fs.readdirSync(dist())).toEqual(['a.yaml']);
  });

  it.each([
    ['EBUSY', 'it is a mount point, which cannot be replaced as a whole. Synthesize into a folder below it'],
    ['EXDEV', 'it is a mount point, which cannot be replaced as a whole. Synthesize into a folder below it'],
    ['EACCES', 'its parent folder is not writable'],
    ['EROFS', 'the file system is read-only. Choose another outdir'],
  ])('that cannot be replaced (%s) is refused with the reason and what to do', (code, reason) => {
    write({ 'a.yaml': 'a' });
    failOnce('renameSync', code);
    const error = errorOf(() => write({ 'a.yaml': 'a2' }));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toContain(`Cannot write to ${dist()} (${code}): ${reason}`);
    expect(filesIn(dist())).toEqual({ 'a.yaml': made('a') });
    expect(fs.readdirSync(folder.path)).toEqual(['dist']);
  });
});

describe('after a synthesis that was killed between its renames', () => {
  beforeEach(() => {
    write({ 'a.yaml': 'a' });
    fs.writeFileSync(inDist('README.md'), 'Mine.');
    fs.cpSync(dist(), path.join(folder.path, '.dist.bulwark-new'), { recursive: true });
    fs.renameSync(dist(), path.join(folder.path, '.dist.bulwark-old'));
  });

  it('the next one puts back what the user had, also when it has nothing new to write', () => {
    write({ 'a.yaml': 'a' });
    expect(filesIn(dist())).toEqual({ 'README.md': 'Mine.', 'a.yaml': made('a') });
    expect(fs.readdirSync(folder.path)).toEqual(['dist']);
  });

  it('nothing is thrown away where somebody made the folder anew in between', () => {
    fs.mkdirSync(dist());
    fs.writeFileSync(inDist('new.md'), 'Newer.');
    const error = errorOf(() => write({ 'a.yaml': 'a2' }));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toContain(`What it held is in ${path.join(folder.path, '.dist.bulwark-old')}`);
    expect(filesIn(dist())).toEqual({ 'new.md': 'Newer.' });
    expect(filesIn(path.join(folder.path, '.dist.bulwark-old'))).toHaveProperty(['README.md'], 'Mine.');
  });
});
