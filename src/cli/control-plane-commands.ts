/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import type { Command } from 'commander';
import type * as AuditLevelModule from './audit-level';
import type { CommandResult } from './check';

/** Adds the commands about the control plane. */
export function addControlPlaneCommands(bulwark: Command, finish: (result: CommandResult) => void): void {
  bulwark
    .command('audit-level')
    .description('tell how much of a request an audit policy writes to the log')
    .argument('<user>', 'name of the user, such as oidc:alice')
    .argument('<verb>', 'such as get, create or delete')
    .argument('<resource>', 'such as secrets, pods/exec or deployments.apps, or a path such as /metrics')
    .argument('<path...>', 'files, folders or - for standard input')
    .option('-n, --namespace <namespace>', 'where (default: in none)')
    .option('--name <name>', 'name of the object (default: none, as in a list)')
    .option('--group <group...>', 'groups of the user, beside system:authenticated')
    .addHelpText(
      'after',
      '\nExamples:\n  bulwark audit-level oidc:alice create pods/exec -n shop-web dist/control-plane/kubeadm/files',
    )
    .action(
      (
        user: string,
        verb: string,
        resource: string,
        paths: string[],
        options: AuditLevelModule.AuditLevelOptions,
        // eslint-disable-next-line max-params -- commander passes each argument by itself
      ) => {
        const { auditLevelCommand } = require('./audit-level') as typeof AuditLevelModule;
        finish(auditLevelCommand([user, verb, resource], paths, options));
      },
    );
}
