import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { newProject, type ProjectFile } from '../project/new-project';
import { ClusterTarget } from '../target/target';
import type { CommandContext, CommandResult } from './command';

/** Options of `bulwark init`, as they are typed. */
export interface InitCommandOptions {
  readonly target: string;
}

/**
 * `bulwark init [DIR]`: a new project that synthesizes, tests and passes the check at once.
 * @throws BulwarkError when a file is in the way; then nothing was written.
 */
export function initCommand(
  folder: string,
  options: InitCommandOptions,
  { version }: Pick<CommandContext, 'version'>,
): CommandResult {
  const target = ClusterTarget.kubernetes(options.target).version;
  const files = newProject({ name: packageName(folder), target, version });
  refuseToOverwrite(folder, files);
  for (const { path: name, text } of files) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    // Whatever was made there in the meantime stays as well.
    fs.writeFileSync(file, text, { flag: 'wx' });
  }
  const enter = path.resolve(folder) === process.cwd() ? '' : `cd ${folder} && `;
  const names = files.map(({ path: name }) => `  ${path.join(folder, name)}`);
  const next = `Next: ${enter}npm install && npm run synth && npm test && npm run check`;
  return { output: ['Written:', ...names, next].join('\n'), unremarkable: true, errors: [], exitCode: 0 };
}

function refuseToOverwrite(folder: string, files: readonly ProjectFile[]): void {
  const taken = files.map(({ path: name }) => inTheWay(folder, name)).filter((file) => file !== undefined);
  if (taken.length === 0) return;
  const names = [...new Set(taken)].map((file) => `  ${file}`).join('\n');
  throw new BulwarkError(
    `init: nothing was written, since these are in the way:\n${names}\nChoose an empty folder: bulwark init DIR.`,
  );
}

/** The file itself, or one that stands where a folder has to be. */
function inTheWay(folder: string, name: string): string | undefined {
  const file = path.join(folder, name);
  for (let parent = path.dirname(file); ; parent = path.dirname(parent)) {
    const stat = statOf(parent);
    if (stat?.isDirectory()) break;
    if (stat) return parent;
    // Nothing of the path is there, not even where it begins.
    if (parent === path.dirname(parent)) return undefined;
  }
  return fs.lstatSync(file, { throwIfNoEntry: false }) && file;
}

/** Undefined also for what is below a file. */
function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** As npm wants the name of a package, made of the name of the folder. */
function packageName(folder: string): string {
  const name = path.basename(path.resolve(folder)).toLowerCase();
  return name.replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'cluster';
}
