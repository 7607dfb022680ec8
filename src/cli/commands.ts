/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { defineCommand, type CommandDefinition } from './command';
import type * as CompletionModule from './completion';
import { CONTROL_PLANE_COMMANDS } from './control-plane-commands';
import { DRIFT_COMMANDS } from './drift-commands';
import { MANIFEST_COMMANDS } from './manifest-commands';
import { NETWORK_COMMANDS } from './network-commands';
import { GLOBAL_OPTIONS } from './program';
import { PROJECT_COMMANDS } from './project-commands';
import { RBAC_COMMANDS } from './rbac-commands';
import { SEAL_COMMANDS } from './seal-commands';

/** Every command, in the order of the help. None is loaded before it runs. */
export const COMMANDS: readonly CommandDefinition[] = [
  ...PROJECT_COMMANDS,
  ...MANIFEST_COMMANDS,
  ...NETWORK_COMMANDS,
  ...RBAC_COMMANDS,
  ...SEAL_COMMANDS,
  ...CONTROL_PLANE_COMMANDS,
  ...DRIFT_COMMANDS,
  defineCommand<[shell: string]>({
    name: 'completion',
    group: 'Shell',
    description: 'print a script that completes commands, options and ids of controls',
    arguments: [{ name: '<shell>', description: 'bash, zsh or fish', completes: ['bash', 'zsh', 'fish'] }],
    examples: [
      'source <(bulwark completion bash)',
      'bulwark completion zsh > "${fpath[1]}/_bulwark"',
      'bulwark completion fish > ~/.config/fish/completions/bulwark.fish',
    ],
    run: ([shell]) =>
      (require('./completion') as typeof CompletionModule).completionCommand(shell, {
        definitions: COMMANDS,
        families: COMMAND_FAMILIES,
        globals: [...GLOBAL_OPTIONS, { flags: '-h, --help', description: 'print the help' }],
      }),
  }),
];

/** What the commands below one word have in common. */
export const COMMAND_FAMILIES: Readonly<Record<string, string>> = {
  sops: 'encrypt Secrets with age, as SOPS and Flux read them',
};
