/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { defineCommand, TARGET, type CommandDefinition } from './command';
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
];
