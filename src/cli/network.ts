import { diffConnections } from '../network/diff';
import { explainConnection } from '../network/explain';
import { exposureOf } from '../network/exposure';
import { CONNECTION_FORMATS } from '../network/format';
import { findCrossings, tenantLookup } from '../network/isolation';
import type { HostNetworkReading } from '../network/network';
import { workloadName } from '../network/pods';
import { parsePort } from '../network/port-text';
import { formatPorts } from '../network/ports';
import { analyzeNetwork, type Reachability } from '../network/reachability';
import { formatExposure } from '../network/exposure-text';
import { ClusterTarget, DEFAULT_TARGET, type IpFamily } from '../target/target';
import type { CommandResult } from './command';
import { readPaths, refuseUnread } from './input';
import { oneOf } from './one-of';

/** Options that every command about the network has, as they are typed. */
export interface NetworkOptions {
  readonly target?: string;
  /** Whether cluster-wide policies are enforced. */
  readonly clusterPolicies?: boolean;
  /** `ipv4`, `ipv6` or `dual`. */
  readonly ip?: string;
  /** Address of the API server. */
  readonly apiServer?: string;
  /** How pods in the network of their node are taken: `pods` or `node`. */
  readonly hostNetwork?: string;
}

const FAMILIES: Readonly<Record<string, readonly IpFamily[]>> = {
  ipv4: ['IPv4'],
  ipv6: ['IPv6'],
  dual: ['IPv4', 'IPv6'],
};

const HOST_NETWORK = ['pods', 'node'] as const satisfies readonly HostNetworkReading[];

/** `bulwark reach`: every connection that policies allow. */
export function reachCommand(
  paths: readonly string[],
  options: NetworkOptions & { readonly format: string },
): CommandResult {
  const names = Object.keys(CONNECTION_FORMATS) as (keyof typeof CONNECTION_FORMATS)[];
  const format = CONNECTION_FORMATS[oneOf(options.format, names, '--format')];
  return answer(paths, options, (reachability) => {
    const connections = reachability.connections();
    const notes = connections.length === 0 ? ['No connection is allowed.'] : [];
    return { output: format(connections), notes };
  });
}

/** `bulwark explain`: why a connection is allowed or not. Ends with 1 when it is not. */
export function explainCommand(
  [source, destination, port]: readonly [string, string, string],
  paths: readonly string[],
  options: NetworkOptions,
): CommandResult {
  const parsed = parsePort(port);
  return answer(paths, options, (reachability) => {
    const { sentences, allowed } = explainConnection(reachability, source, destination, parsed);
    return { output: sentences.join('\n'), exitCode: allowed ? 0 : 1 };
  });
}

/** `bulwark exposure`: what is open to the Internet, cloud metadata and the API server, and what no policy selects. */
export function exposureCommand(
  paths: readonly string[],
  options: NetworkOptions & { readonly format: string },
): CommandResult {
  const format = oneOf(options.format, ['text', 'json'], '--format');
  return answer(paths, options, (reachability) => {
    const exposures = exposureOf(reachability);
    if (format === 'text') return { output: formatExposure(exposures) };
    const plain = exposures.map(({ workload, fromInternet, toInternet, toApiServer, ...others }) => ({
      workload: workloadName(workload),
      fromInternet: formatPorts(fromInternet),
      toInternet: formatPorts(toInternet),
      // Without its address nothing is known about it.
      ...(reachability.target.apiServer ? { toApiServer: formatPorts(toApiServer) } : {}),
      ...others,
    }));
    return { output: JSON.stringify(plain, null, 2) };
  });
}

/** `bulwark isolated`: whether tenants, or namespaces, reach each other. Ends with 1 when they do. */
export function isolatedCommand(
  groups: readonly string[],
  paths: readonly string[],
  options: NetworkOptions,
): CommandResult {
  return answer(paths, options, (reachability) => {
    const crossings = findCrossings(reachability, { groupOf: tenantLookup(reachability, groups) });
    const lines = crossings.map(({ from, to, source, destination, ports }) => {
      const [a, b] = [source, destination].map(workloadName);
      return `${from} reaches ${to}: ${a} => ${b} : ${formatPorts(ports)}`;
    });
    if (lines.length > 0) return { output: lines.join('\n'), exitCode: 1 };
    const whom = groups.length > 0 ? groups.join(' and ') : 'all tenants';
    return { output: `No pod of ${whom} can connect to a pod of another of them.`, unremarkable: true };
  });
}

/** `bulwark netdiff`: what can be connected in new manifests and could not in old ones, and the other way round. */
export function netdiffCommand(before: string, after: string, options: NetworkOptions): CommandResult {
  const [old, now] = [before, after].map((path) => analyze([path], options)) as [Analysis, Analysis];
  refuseUnread([...old.errors, ...now.errors], 'Nothing was compared');
  const changes = diffConnections(old.reachability, now.reachability);
  const signs = { added: '+', removed: '-', changed: '~' } as const;
  const lines = changes.map(({ kind, source, destination, ...ports }) => {
    const [was, is] = [formatPorts(ports.before), formatPorts(ports.after)];
    const shown = kind === 'changed' ? `${was} -> ${is}` : kind === 'added' ? is : was;
    return `${signs[kind]} ${source} => ${destination} : ${shown}`;
  });
  return {
    output: lines.length > 0 ? lines.join('\n') : 'The same connections are allowed.',
    unremarkable: lines.length === 0,
    errors: [],
    exitCode: lines.length > 0 ? 1 : 0,
  };
}

interface Answer {
  readonly output: string;
  /** Besides those of the network. */
  readonly notes?: readonly string[];
  readonly unremarkable?: boolean;
  readonly exitCode?: 0 | 1;
}

function answer(
  paths: readonly string[],
  options: NetworkOptions,
  ask: (reachability: Reachability) => Answer,
): CommandResult {
  const { reachability, errors } = analyze(paths, options);
  const { output, unremarkable, notes: more = [], exitCode = 0 } = ask(reachability);
  const notes = [...reachability.notes, ...more].map((note) => `Note: ${note}`);
  return { output, unremarkable, notes, errors, exitCode: errors.length > 0 ? 2 : exitCode };
}

interface Analysis {
  readonly reachability: Reachability;
  readonly errors: readonly string[];
}

function analyze(paths: readonly string[], options: NetworkOptions): Analysis {
  const { manifests, errors } = readPaths(paths);
  const reachability = analyzeNetwork(
    manifests.map(({ manifest }) => manifest),
    {
      target: toTarget(options),
      hostNetwork: oneOf(options.hostNetwork ?? 'pods', HOST_NETWORK, '--host-network'),
    },
  );
  return { reachability, errors: errors.map(({ message }) => message) };
}

function toTarget({ target, clusterPolicies, ip = 'ipv4', apiServer }: NetworkOptions): ClusterTarget {
  const ipFamilies = FAMILIES[oneOf(ip, Object.keys(FAMILIES), '--ip')];
  return ClusterTarget.kubernetes(target ?? DEFAULT_TARGET.version, {
    clusterNetworkPolicy: clusterPolicies,
    ipFamilies,
    apiServer: apiServer === undefined ? undefined : { cidrs: [toCidr(apiServer)] },
  });
}

function toCidr(address: string): string {
  if (address.includes('/')) return address;
  return `${address}/${address.includes(':') ? 128 : 32}`;
}
