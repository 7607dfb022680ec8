import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../../src/errors';
import { makeFolder } from '../../src/files/make-folder';
import { push } from '../../src/groups';

/** How every file begins that a blueprint of any version makes, and by which it knows them again. */
const MARK = '# Made by cdk8s-bulwark.';

/** Put before the documents of each file. */
export const FILE_HEADER = `${MARK} Change the code that makes it: the next synthesis replaces this file.\n---\n`;

/** The one file without that line: cdk8s-cli asks for it by this name, and JSON has no comments. */
export const CONSTRUCT_METADATA = 'construct-metadata.json';

/** In a folder below the output folder, the list of what was made there: the files of nodes cannot all begin with a comment. */
const INDEX = '.made-by-cdk8s-bulwark';

/**
 * Replaces what an earlier synthesis made in a folder by other files, all at once. The new folder is completed beside the old
 * one and takes its place by a rename, so whenever this is interrupted, the folder holds all old files, all new ones, or,
 * between two renames, does not exist while both stand complete beside it; the next call then puts the old one back first.
 * Files and folders that no synthesis made stay as they are.
 *
 * @param outdir Folder to write to. It is made when missing.
 * @param content Content of each file, by its name; one in a folder below is named by its path, such as `nodes/README.md`.
 * @throws BulwarkError when a file of one of these names exists that no synthesis made, or the folder cannot be written.
 */
export function replaceFolder(outdir: string, content: ReadonlyMap<string, string>): void {
  const folder = behindLinks(outdir);
  const files = withIndexes(content);
  const beside = (what: string) =>
    path.join(path.dirname(folder), `.${path.basename(folder)}.bulwark-${what}`);
  const [staged, retired, lock] = [beside('new'), beside('old'), beside('lock')];
  try {
    if (![staged, retired, lock].some(isThere) && isUpToDate(folder, files)) return;
    alone(lock, folder, () => {
      recover(folder, staged, retired);
      if (!isUpToDate(folder, files)) replace({ folder, staged, retired }, files);
    });
  } catch (error) {
    throw error instanceof BulwarkError ? error : explain(error, folder);
  }
}

/** Whether something has that name, be it a link that leads nowhere. */
function isThere(name: string): boolean {
  return fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined;
}

/** Writing takes seconds. A lock of this age was left behind, and its process number may be that of another program by now. */
const STALE_LOCK_MS = 60_000;

/** Runs a step while no other process does so for the same folder: two at once would take each other's files for leftovers. */
function alone(lock: string, folder: string, step: () => void): void {
  makeFolder(path.dirname(lock));
  const holder = holderOf(lock);
  if (holder !== undefined) {
    throw new BulwarkError(
      `Process ${holder} is synthesizing into ${folder} at this moment. Wait for it, or choose another outdir. Nothing was written.`,
    );
  }
  fs.rmSync(lock, { force: true });
  // A link is there with what it says or not at all, where a file could be there and empty.
  fs.symlinkSync(String(process.pid), lock);
  try {
    step();
  } finally {
    discard(lock);
  }
}

/** The other process that holds a lock, if it is still at work. */
function holderOf(lock: string): number | undefined {
  const stat = fs.lstatSync(lock, { throwIfNoEntry: false });
  if (!stat?.isSymbolicLink() || Date.now() - stat.mtimeMs > STALE_LOCK_MS) return undefined;
  const holder = Number(fs.readlinkSync(lock));
  return holder !== process.pid && isRunning(holder) ? holder : undefined;
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 asks whether the process is there and does nothing to it.
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Folders {
  readonly folder: string;
  readonly staged: string;
  readonly retired: string;
}

/**
 * The folder that an outdir stands for. A link to a folder may dangle after a synthesis that was killed between two renames,
 * and what to put back is beside the folder, not beside the link.
 */
function behindLinks(outdir: string, hops = 32): string {
  if (fs.existsSync(outdir)) return fs.realpathSync(outdir);
  const isLink = hops > 0 && fs.lstatSync(outdir, { throwIfNoEntry: false })?.isSymbolicLink();
  if (!isLink) return path.resolve(outdir);
  return behindLinks(path.resolve(path.dirname(outdir), fs.readlinkSync(outdir)), hops - 1);
}

/** Puts things right after a synthesis that was killed. */
function recover(folder: string, staged: string, retired: string): void {
  if (fs.existsSync(retired) && !fs.existsSync(folder)) fs.renameSync(retired, folder);
  if (fs.existsSync(retired) && fs.existsSync(staged)) {
    throw new BulwarkError(
      `A synthesis was interrupted and ${folder} was made anew since. What it held is in ${retired}: ` +
        'move what you need from there, and remove that folder. Nothing was written.',
    );
  }
  fs.rmSync(retired, { recursive: true, force: true });
  fs.rmSync(staged, { recursive: true, force: true });
}

/** Adds the list of files to each folder below. */
function withIndexes(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const folders = new Map<string, string[]>();
  for (const name of files.keys()) {
    const [folder = '', ...rest] = name.split('/');
    if (rest.length > 0) push(folders, folder, rest.join('/'));
  }
  const indexes = [...folders].map(
    ([folder, names]) => [`${folder}/${INDEX}`, `${MARK}\n${names.sort().join('\n')}\n`] as const,
  );
  return new Map([...files, ...indexes]);
}

function replace({ folder, staged, retired }: Folders, files: ReadonlyMap<string, string>): void {
  const foreign = fs.existsSync(folder) ? foreignEntries(folder, files) : [];
  refuse(folder, foreign, files);
  try {
    stage({ folder, staged, retired }, foreign, files);
    swap({ folder, staged, retired });
  } catch (error) {
    discard(staged);
    throw error;
  }
  discard(retired);
}

function refuse(folder: string, foreign: readonly string[], files: ReadonlyMap<string, string>): void {
  const taken = new Set([...files.keys(), ...[...files.keys()].flatMap(foldersOf)]);
  const clash = foreign.find((name) => taken.has(name));
  if (clash !== undefined) {
    throw new BulwarkError(
      `${path.join(folder, clash)} was not made by a synthesis and would be overwritten. Move it away, or choose another outdir. Nothing was written.`,
    );
  }
  if (`${process.cwd()}${path.sep}`.startsWith(`${folder}${path.sep}`)) {
    throw new BulwarkError(
      `${folder} holds the working directory, which would be gone after it was replaced as a whole. Choose an outdir of its own, for example 'dist'. Nothing was written.`,
    );
  }
}

/** The folders that a file is in, outermost first: `a` and `a/b` for `a/b/c`. */
function foldersOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function stage(
  { folder, staged }: Folders,
  foreign: readonly string[],
  files: ReadonlyMap<string, string>,
): void {
  makeFolder(staged);
  const below = new Set([...files.keys(), ...foreign].flatMap(foldersOf));
  for (const name of below) makeFolder(path.join(staged, name));
  for (const [name, content] of files) fs.writeFileSync(path.join(staged, name), content);
  for (const name of foreign) carryOver(path.join(folder, name), path.join(staged, name));
  // A folder that only its owner may read stays so.
  for (const name of ['', ...below]) {
    const before = fs.statSync(path.join(folder, name), { throwIfNoEntry: false });
    if (before?.isDirectory()) fs.chmodSync(path.join(staged, name), before.mode);
  }
}

function swap({ folder, staged, retired }: Folders): void {
  if (!fs.existsSync(folder)) {
    fs.renameSync(staged, folder);
    return;
  }
  fs.renameSync(folder, retired);
  try {
    fs.renameSync(staged, folder);
  } catch (error) {
    fs.renameSync(retired, folder);
    throw error;
  }
}

/**
 * Removes a folder that is of no use any more. Whether it can be is no matter of this synthesis, which is decided by then:
 * what stays is removed by the next one, which says why if it cannot.
 */
function discard(folder: string): void {
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      fs.rmSync(folder, { recursive: true, force: true });
      return;
    } catch {
      // Another program may have had a file open; a moment later it is often gone.
    }
  }
}

/** What was made in a folder and is still there, by its path below it. */
function madeFiles(folder: string): Set<string> {
  const made = new Set<string>();
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isFile() && isMade(file)) made.add(entry.name);
    if (entry.isDirectory()) indexed(file).forEach((name) => made.add(`${entry.name}/${name}`));
  }
  return made;
}

function indexed(folder: string): string[] {
  const index = path.join(folder, INDEX);
  if (!fs.lstatSync(index, { throwIfNoEntry: false })?.isFile() || !isMade(index)) return [];
  const [, ...names] = fs.readFileSync(index, 'utf8').trimEnd().split('\n');
  const inside = names.filter((name) => !name.split('/').includes('..'));
  return [INDEX, ...inside].filter((name) =>
    fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false })?.isFile(),
  );
}

/** Paths in a folder that are not files of an earlier synthesis. A folder without any file of a synthesis is one entry. */
function foreignEntries(folder: string, files: ReadonlyMap<string, string>): string[] {
  const made = madeFiles(folder);
  const shared = new Set([...made, ...files.keys()].flatMap(foldersOf));
  const below = (parent: string): string[] =>
    fs.readdirSync(path.join(folder, parent), { withFileTypes: true }).flatMap((entry) => {
      const name = path.posix.join(parent, entry.name);
      if (made.has(name)) return [];
      return entry.isDirectory() && shared.has(name) ? below(name) : [name];
    });
  return below('');
}

function isMade(file: string): boolean {
  if (path.basename(file) === CONSTRUCT_METADATA) return true;
  const descriptor = fs.openSync(file, 'r');
  try {
    const start = Buffer.alloc(MARK.length);
    fs.readSync(descriptor, start, 0, start.length, 0);
    return start.toString() === MARK;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The same file under a second name, so that whichever folder is left holds it. */
function carryOver(from: string, to: string): void {
  const stat = fs.lstatSync(from);
  if (stat.isDirectory()) {
    fs.mkdirSync(to);
    for (const name of fs.readdirSync(from)) carryOver(path.join(from, name), path.join(to, name));
    // After its content, since it may be read-only; and not while it is made, since the umask takes bits away then.
    fs.chmodSync(to, stat.mode);
  } else if (stat.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(from), to);
  } else {
    linkOrCopy(from, to);
  }
}

/** Some file systems have no second names, and Linux refuses one for a file that somebody else owns. */
function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
  }
}

function isUpToDate(folder: string, files: ReadonlyMap<string, string>): boolean {
  if (!fs.existsSync(folder)) return false;
  const made = madeFiles(folder);
  return (
    made.size === files.size &&
    [...made].every((name) => files.get(name) === fs.readFileSync(path.join(folder, name), 'utf8'))
  );
}

function explain(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const reason = {
    EBUSY: 'it is a mount point, which cannot be replaced as a whole. Synthesize into a folder below it',
    EXDEV: 'it is a mount point, which cannot be replaced as a whole. Synthesize into a folder below it',
    EACCES:
      'its parent folder is not writable, and a folder is replaced as a whole. Make the parent writable, or choose another outdir',
    EPERM:
      'its parent folder is not writable, and a folder is replaced as a whole. Make the parent writable, or choose another outdir',
    EROFS: 'the file system is read-only. Choose another outdir',
    ENOSPC: 'the disk is full. Free some space',
    ENOTDIR: 'it is not a folder. Choose another outdir',
    EEXIST: 'it is not a folder. Choose another outdir',
    ENOENT:
      'its parent folder takes nothing new, as those below /proc do not, or is being removed. Choose another outdir',
  }[code ?? ''];
  if (!reason) return error;
  return new BulwarkError(
    `Cannot write to ${folder} (${code}): ${reason}. What was there before is unchanged.`,
  );
}
