/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import {
  choice,
  defineCommand,
  PATHS,
  TARGET,
  type CommandDefinition,
  type OptionDefinition,
} from './command';
import type * as NetworkModule from './network';

type Options = NetworkModule.NetworkOptions;
type FormatOptions = Options & { readonly format: string };

const CLUSTER: readonly OptionDefinition[] = [
  TARGET,
  {
    flags: '--cluster-policies',
    description: 'the cluster enforces ClusterNetworkPolicy and what it has replaced',
  },
  {
    flags: '--ip <families>',
    description: 'address families of pods: ipv4, ipv6 or dual (default: ipv4)',
    completes: ['ipv4', 'ipv6', 'dual'],
  },
  { flags: '--api-server <address>', description: 'address of the API server as pods reach it' },
  {
    flags: '--host-network <reading>',
    description:
      'how plugins take pods in the network of their node: as pods, or as the node, which no policy restricts (default: pods)',
    completes: ['pods', 'node'],
  },
];

const WORKLOAD = 'namespace/name of a workload, or an IP address';

/** The commands that tell who can reach whom. */
export const NETWORK_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<[paths: string[]], FormatOptions>({
    name: 'reach',
    group: 'Network',
    description: 'list every connection that network policies allow',
    arguments: [PATHS],
    options: [
      ...CLUSTER,
      choice('--format <format>', ['text', 'json', 'csv', 'dot', 'mermaid'], 'how to print it'),
    ],
    examples: ['bulwark reach dist', 'bulwark reach --format dot dist | dot -Tsvg > reach.svg'],
    run: ([paths], options) => network().reachCommand(paths, options),
  }),
  defineCommand<[source: string, destination: string, port: string, paths: string[]], Options>({
    name: 'explain',
    group: 'Network',
    description: 'tell which policies allow a connection, or block it',
    arguments: [
      { name: '<source>', description: WORKLOAD, completes: 'nothing' },
      {
        name: '<destination>',
        description: 'the same, or svc/namespace/name of a Service',
        completes: 'nothing',
      },
      {
        name: '<port>',
        description: "port of the destination's pods, or of the Service, such as 8080 or 'UDP 53'",
        completes: 'nothing',
      },
      PATHS,
    ],
    options: CLUSTER,
    ends: ['the connection is allowed', 'it is not'],
    examples: [
      'bulwark explain shop/web shop/db 5432 dist',
      'bulwark explain shop/web svc/shop/api 80 dist',
      'bulwark explain shop/web 169.254.169.254 80 dist',
    ],
    run: ([source, destination, port, paths], options) =>
      network().explainCommand([source, destination, port], paths, options),
  }),
  defineCommand<[paths: string[]], FormatOptions>({
    name: 'exposure',
    group: 'Network',
    description:
      'list what is open to the Internet, cloud metadata and the API server, and what no policy selects',
    arguments: [PATHS],
    options: [...CLUSTER, choice('--format <format>', ['text', 'json'], 'how to print it')],
    examples: ['bulwark exposure dist', 'bulwark exposure --format json --api-server 192.0.2.10 dist'],
    run: ([paths], options) => network().exposureCommand(paths, options),
  }),
  defineCommand<[paths: string[]], Options & { readonly between?: string[] }>({
    name: 'isolated',
    group: 'Network',
    description: 'tell whether tenants, or namespaces, can reach each other',
    arguments: [PATHS],
    options: [
      ...CLUSTER,
      {
        flags: '--between <name...>',
        description: 'tenants or namespaces (default: every tenant with every other)',
      },
    ],
    ends: ['none reaches another', 'one does'],
    examples: ['bulwark isolated dist', 'bulwark isolated dist --between shop analytics'],
    run: ([paths], options) => network().isolatedCommand(options.between ?? [], paths, options),
  }),
  defineCommand<[before: string, after: string], Options>({
    name: 'netdiff',
    group: 'Network',
    description: 'list the connections that are allowed in one of two sets of manifests only',
    arguments: [
      { name: '<old>', description: 'file or folder' },
      { name: '<new>', description: 'file or folder' },
    ],
    options: CLUSTER,
    ends: ['the same connections are allowed', 'there is a difference'],
    examples: ['bulwark netdiff dist-of-main dist'],
    run: ([before, after], options) => network().netdiffCommand(before, after, options),
  }),
];

function network(): typeof NetworkModule {
  return require('./network') as typeof NetworkModule;
}
