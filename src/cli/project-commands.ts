/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { defineCommand, PATHS, TARGET, type CommandDefinition } from './command';
import type * as ImportModule from './import';
import type * as InitModule from './init';

/** The commands that begin a project. */
export const PROJECT_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<[folder?: string], InitModule.InitCommandOptions>({
    name: 'init',
    group: 'Projects',
    description: 'write a new project that synthesizes, tests and passes the check at once',
    arguments: [{ name: '[dir]', description: 'folder for it (default: this one)' }],
    options: [{ ...TARGET, description: 'Kubernetes version of the cluster', default: '1.33' }],
    notes: 'No file that is there is ever overwritten.',
    examples: ['bulwark init my-cluster', 'bulwark init --target 1.30'],
    run: ([folder = '.'], options, context) =>
      (require('./init') as typeof InitModule).initCommand(folder, options, context),
  }),
  defineCommand<[paths: string[]], ImportModule.ImportCommandOptions>({
    name: 'import',
    group: 'Projects',
    description: 'write manifests as a TypeScript program that synthesizes the same, hardened',
    arguments: [PATHS],
    options: [{ flags: '-o, --output <dir>', description: 'new folder for the program' }, TARGET],
    notes:
      'Who reaches whom stays the same. Values of Secrets are left out, and no file that is there is ever overwritten.',
    examples: ['bulwark import manifests -o imported', 'helm template shop | bulwark import -o imported -'],
    run: ([paths], options, context) =>
      (require('./import') as typeof ImportModule).importCommand(paths, options, context),
  }),
];
