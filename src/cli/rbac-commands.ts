/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import type { Command } from 'commander';
import type { CommandResult } from './check';
import type * as RbacModule from './rbac';

/** Adds the commands about rights. */
export function addRbacCommands(bulwark: Command, finish: (result: CommandResult) => void): void {
  bulwark
    .command('who-can')
    .description('list everybody who may do something')
    .argument('<verb>', 'such as get, create or impersonate')
    .argument('<resource>', 'such as pods, pods/exec or deployments.apps')
    .argument('<path...>', 'files, folders or - for standard input')
    .option('-n, --namespace <namespace>', 'where (default: in all namespaces at once)')
    .option('--name <name>', 'name of the one object (default: any)')
    .addHelpText('after', '\nExamples:\n  bulwark who-can get secrets -n shop-web dist')
    .action((verb: string, resource: string, paths: string[], options: RbacModule.WhoCanOptions) => {
      finish(rbacModule().whoCanCommand(verb, resource, paths, options));
    });
  bulwark
    .command('can')
    .description('show what somebody may do')
    .argument('<subject>', 'User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME')
    .argument('<path...>', 'files, folders or - for standard input')
    .addHelpText('after', '\nExamples:\n  bulwark can ServiceAccount:shop-web/api dist')
    .action((subject: string, paths: string[]) => finish(rbacModule().canCommand(subject, paths)));
  bulwark
    .command('escalate')
    .description('show how somebody gets further than their roles say')
    .usage('[options] [subject] <path...>')
    .argument(
      '<path...>',
      'files, folders or -, after a User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME (default: everybody)',
    )
    .option('--format <format>', 'text, json or dot', 'text')
    .addHelpText(
      'after',
      '\nEnds with 1 when there is a way.\n\nExamples:\n  bulwark escalate dist\n  bulwark escalate Group:shop-dev dist',
    )
    .action((args: string[], options: RbacModule.EscalateOptions) => {
      finish(rbacModule().escalateCommand(args, options));
    });
}

function rbacModule(): typeof RbacModule {
  return require('./rbac') as typeof RbacModule;
}
