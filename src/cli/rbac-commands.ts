/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { choice, defineCommand, PATHS, type CommandDefinition } from './command';
import type * as RbacModule from './rbac';

/** The commands about rights. */
export const RBAC_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<[verb: string, resource: string, paths: string[]], RbacModule.WhoCanOptions>({
    name: 'who-can',
    group: 'Rights',
    description: 'list everybody who may do something',
    arguments: [
      {
        name: '<verb>',
        description: 'such as get, create or impersonate',
        completes: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'impersonate'],
      },
      {
        name: '<resource>',
        description: 'such as pods, pods/exec, deployments.apps or /metrics',
        completes: ['pods', 'pods/exec', 'secrets', 'deployments.apps'],
      },
      PATHS,
    ],
    options: [
      { flags: '-n, --namespace <namespace>', description: 'where (default: in all namespaces at once)' },
      { flags: '--name <name>', description: 'name of the one object (default: any)' },
      choice('--format <format>', ['text', 'json'], 'how to print it'),
    ],
    ends: ['somebody may', 'nobody may but Kubernetes itself'],
    examples: ['bulwark who-can get secrets -n shop-web dist'],
    run: ([verb, resource, paths], options, context) =>
      rbac().whoCanCommand([verb, resource], paths, options, context),
  }),
  defineCommand<[subject: string, paths: string[]], RbacModule.CanOptions>({
    name: 'can',
    group: 'Rights',
    description: 'show what somebody may do',
    arguments: [
      {
        name: '<subject>',
        description: 'User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME',
        completes: 'nothing',
      },
      PATHS,
    ],
    options: [choice('--format <format>', ['text', 'json'], 'how to print it')],
    examples: ['bulwark can ServiceAccount:shop-web/api dist'],
    run: ([subject, paths], options, context) => rbac().canCommand(subject, paths, options, context),
  }),
  defineCommand<[args: string[]], RbacModule.EscalateOptions>({
    name: 'escalate',
    group: 'Rights',
    description: 'show how somebody gets further than their roles say',
    usage: '[options] [subject] <path...>',
    arguments: [
      {
        name: '<path...>',
        description:
          'files, folders or -, after a User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME (default: everybody)',
      },
    ],
    options: [choice('--format <format>', ['text', 'json', 'dot'], 'how to print it')],
    ends: ['no way was found', 'there is a way'],
    examples: ['bulwark escalate dist', 'bulwark escalate Group:shop-dev dist'],
    run: ([args], options, context) => rbac().escalateCommand(args, options, context),
  }),
];

function rbac(): typeof RbacModule {
  return require('./rbac') as typeof RbacModule;
}
