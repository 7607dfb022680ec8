import path from 'node:path';
import { newProject } from '../project/new-project';
import { ClusterTarget } from '../target/target';
import type { CommandContext, CommandResult } from './command';
import { writeNewFiles } from './new-files';

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
  writeNewFiles(folder, files, 'init');
  const enter = path.resolve(folder) === process.cwd() ? '' : `cd ${folder} && `;
  const names = files.map(({ path: name }) => `  ${path.join(folder, name)}`);
  const next = `Next: ${enter}npm install && npm run synth && npm test && npm run check`;
  return { output: ['Written:', ...names, next].join('\n'), unremarkable: true, errors: [], exitCode: 0 };
}

/** As npm wants the name of a package, made of the name of the folder. */
function packageName(folder: string): string {
  const name = path.basename(path.resolve(folder)).toLowerCase();
  return name.replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'cluster';
}
