/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import type * as AuditLevelModule from './audit-level';
import { defineCommand, PATHS, type CommandDefinition } from './command';

/** The commands about the control plane. */
export const CONTROL_PLANE_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<
    [user: string, verb: string, resource: string, paths: string[]],
    AuditLevelModule.AuditLevelOptions
  >({
    name: 'audit-level',
    group: 'Nodes',
    description: 'tell how much of a request an audit policy writes to the log',
    arguments: [
      { name: '<user>', description: 'name of the user, such as oidc:alice', completes: 'nothing' },
      {
        name: '<verb>',
        description: 'such as get, create or delete',
        completes: ['get', 'create', 'delete'],
      },
      {
        name: '<resource>',
        description: 'such as secrets, pods/exec or deployments.apps, or a path such as /metrics',
        completes: ['secrets', 'pods/exec'],
      },
      PATHS,
    ],
    options: [
      { flags: '-n, --namespace <namespace>', description: 'where (default: in none)' },
      { flags: '--name <name>', description: 'name of the object (default: none, as in a list)' },
      { flags: '--group <group...>', description: 'groups of the user, beside system:authenticated' },
    ],
    examples: [
      'bulwark audit-level oidc:alice create pods/exec -n shop-web dist/control-plane/kubeadm/files',
    ],
    run: ([user, verb, resource, paths], options) =>
      (require('./audit-level') as typeof AuditLevelModule).auditLevelCommand(
        [user, verb, resource],
        paths,
        options,
      ),
  }),
];
