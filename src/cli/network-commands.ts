/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import type { Command } from 'commander';
import type { CommandResult } from './check';
import type * as NetworkModule from './network';

type Finish = (result: CommandResult) => void;
type Options = NetworkModule.NetworkOptions;

const PATHS = ['<path...>', 'files, folders or - for standard input'] as const;

/** The commands that tell who can reach whom. */
export function addNetworkCommands(bulwark: Command, finish: Finish): void {
  addReach(bulwark, finish);
  addExplain(bulwark, finish);
  addExposure(bulwark, finish);
  addIsolated(bulwark, finish);
  addNetdiff(bulwark, finish);
}

function withCluster(command: Command): Command {
  return command
    .option('--target <version>', 'Kubernetes version that the manifests are for (default: 1.30)')
    .option('--cluster-policies', 'the cluster enforces ClusterNetworkPolicy and what it has replaced')
    .option('--ip <families>', 'address families of pods: ipv4, ipv6 or dual (default: ipv4)')
    .option('--api-server <address>', 'address of the API server as pods reach it');
}

function addReach(bulwark: Command, finish: Finish): void {
  withCluster(bulwark.command('reach'))
    .description('list every connection that network policies allow')
    .argument(...PATHS)
    .option('--format <format>', 'text, json, csv, dot or mermaid', 'text')
    .addHelpText(
      'after',
      '\nExamples:\n  bulwark reach dist\n  bulwark reach --format dot dist | dot -Tsvg > reach.svg',
    )
    .action((paths: string[], options: Options & { format: string }) => {
      const { reachCommand } = require('./network') as typeof NetworkModule;
      finish(reachCommand(paths, options));
    });
}

function addExplain(bulwark: Command, finish: Finish): void {
  withCluster(bulwark.command('explain'))
    .description('tell which policies allow a connection, or block it')
    .argument('<source>', 'namespace/name of a workload, or an IP address')
    .argument('<destination>', 'namespace/name of a workload, or an IP address')
    .argument('<port>', "port of the destination's pods, such as 8080 or 'UDP 53'")
    .argument(...PATHS)
    .addHelpText(
      'after',
      '\nEnds with 0 when the connection is allowed and 1 when it is not.\n\nExamples:\n' +
        '  bulwark explain shop/web shop/db 5432 dist\n  bulwark explain shop/web 169.254.169.254 80 dist',
    )
    .action((...[source, destination, port, paths, options]: [string, string, string, string[], Options]) => {
      const { explainCommand } = require('./network') as typeof NetworkModule;
      finish(explainCommand([source, destination, port], paths, options));
    });
}

function addExposure(bulwark: Command, finish: Finish): void {
  withCluster(bulwark.command('exposure'))
    .description(
      'list what is open to the Internet, cloud metadata and the API server, and what no policy selects',
    )
    .argument(...PATHS)
    .option('--format <format>', 'text or json', 'text')
    .action((paths: string[], options: Options & { format: string }) => {
      const { exposureCommand } = require('./network') as typeof NetworkModule;
      finish(exposureCommand(paths, options));
    });
}

function addIsolated(bulwark: Command, finish: Finish): void {
  withCluster(bulwark.command('isolated'))
    .description('tell whether tenants, or namespaces, can reach each other')
    .argument(...PATHS)
    .option('--between <name...>', 'tenants or namespaces (default: every tenant with every other)')
    .addHelpText(
      'after',
      '\nEnds with 0 when none reaches another and 1 when one does.\n\nExamples:\n' +
        '  bulwark isolated dist\n  bulwark isolated dist --between shop analytics',
    )
    .action((paths: string[], options: Options & { between?: string[] }) => {
      const { isolatedCommand } = require('./network') as typeof NetworkModule;
      finish(isolatedCommand(options.between ?? [], paths, options));
    });
}

function addNetdiff(bulwark: Command, finish: Finish): void {
  withCluster(bulwark.command('netdiff'))
    .description('list the connections that are allowed in one of two sets of manifests only')
    .argument('<old>', 'file or folder')
    .argument('<new>', 'file or folder')
    .addHelpText('after', '\nEnds with 0 when there is no difference and 1 when there is.')
    .action((before: string, after: string, options: Options) => {
      const { netdiffCommand } = require('./network') as typeof NetworkModule;
      finish(netdiffCommand(before, after, options));
    });
}
