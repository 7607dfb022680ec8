import type { CommandDefinition } from './command';
import { CONTROL_PLANE_COMMANDS } from './control-plane-commands';
import { MANIFEST_COMMANDS } from './manifest-commands';
import { NETWORK_COMMANDS } from './network-commands';
import { RBAC_COMMANDS } from './rbac-commands';
import { SEAL_COMMANDS } from './seal-commands';

/** Every command, in the order of the help. None is loaded before it runs. */
export const COMMANDS: readonly CommandDefinition[] = [
  ...MANIFEST_COMMANDS,
  ...NETWORK_COMMANDS,
  ...RBAC_COMMANDS,
  ...SEAL_COMMANDS,
  ...CONTROL_PLANE_COMMANDS,
];

/** What the commands below one word have in common. */
export const COMMAND_FAMILIES: Readonly<Record<string, string>> = {
  sops: 'encrypt Secrets with age, as SOPS and Flux read them',
};
