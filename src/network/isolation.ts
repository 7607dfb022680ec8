import { BulwarkError } from '../errors';
import { push } from '../groups';
import { compareText } from '../manifest/manifest';
import { TENANT_LABEL } from '../manifest/kinds';
import type { PodClass, Workload } from './pods';
import { NO_PORTS, type PortRange, type PortSet } from './ports';
import type { Reachability } from './reachability';

/** A way from one group of namespaces into another, with two workloads that show it. */
export interface Crossing {
  readonly from: string;
  readonly to: string;
  readonly source: Workload;
  readonly destination: Workload;
  readonly ports: readonly PortRange[];
}

/** Options of {@link findCrossings}. */
export interface CrossingOptions {
  /**
   * The group of a namespace, such as its tenant. Namespaces without one are not looked at.
   * @default the tenant that the label of the namespace names
   */
  readonly groupOf?: (namespace: string) => string | undefined;
  /** Crossings that are meant. @default none */
  readonly isMeant?: (from: string, to: string) => boolean;
  /**
   * Connections that are meant, port by port: those that this allows. Has to share the pods of what is looked at.
   * @default none
   */
  readonly wanted?: Reachability;
  /** How many pairs of groups to list. @default 1000 */
  readonly limit?: number;
}

/**
 * Finds every two groups of namespaces, such as tenants, of which the first reaches the second, with an example each. None
 * found is a proof that the groups are isolated. Takes time in proportion to what policies name, not to the pairs of groups
 * or pods.
 */
export function findCrossings(reachability: Reachability, options: CrossingOptions = {}): Crossing[] {
  const { groupOf = tenantLookup(reachability), isMeant = () => false, limit = 1000 } = options;
  const unmeant = portsBeyond(reachability, options.wanted);
  const groups = classesByGroup(reachability, groupOf);
  const found = new Map<string, Crossing>();
  const record = (source: PodClass, destination: PodClass, [from, to]: [string, string]) => {
    const key = `${from}\n${to}`;
    if (from === to || found.has(key) || isMeant(from, to)) return;
    const ports = unmeant(source, destination);
    if (ports === NO_PORTS) return;
    const example = exampleOf(source, destination);
    found.set(key, { from, to, ...example, ports: reachability.network.ports.rangesOf(ports) });
  };
  visitNamed(reachability, groups.of, record);
  visitOpen(
    { network: reachability.network, rows: reachability.rows, unmeant },
    groups.members,
    record,
    () => found.size >= limit,
  );
  return [...found.values()]
    .sort((a, b) => compareText(a.from, b.from) || compareText(a.to, b.to))
    .slice(0, limit);
}

/**
 * Finds the group of a namespace: the tenant that its label names.
 *
 * @param groups The only groups that count: tenants, or namespaces where there is no such tenant. @default every tenant
 * @throws BulwarkError when one of them is neither.
 */
export function tenantLookup(
  { network }: Reachability,
  groups: readonly string[] = [],
): (namespace: string) => string | undefined {
  const { namespaces } = network.pods;
  const tenantOf = (name: string) => {
    const tenant = namespaces.get(name)?.labels[TENANT_LABEL];
    return typeof tenant === 'string' ? tenant : undefined;
  };
  if (groups.length === 0) return tenantOf;
  const tenants = new Set([...namespaces.keys()].map(tenantOf));
  const unknown = groups.find((group) => !tenants.has(group) && !namespaces.has(group));
  if (unknown !== undefined)
    throw new BulwarkError(`There is no tenant and no namespace '${unknown}' in the manifests.`);
  return (name) => [tenantOf(name), name].find((group) => group !== undefined && groups.includes(group));
}

type PortsBetween = (source: PodClass, destination: PodClass) => PortSet;

/** The ports on which two classes may connect, without those that are meant. */
function portsBeyond(actual: Reachability, wanted: Reachability | undefined): PortsBetween {
  if (!wanted) return (source, destination) => portsOf(source, destination, actual);
  return (source, destination) =>
    actual.network.ports.subtract(portsOf(source, destination, actual), portsOf(source, destination, wanted));
}

type Record = (source: PodClass, destination: PodClass, groups: [string, string]) => void;

function classesByGroup(
  { network }: Reachability,
  groupOf: (namespace: string) => string | undefined,
): { of: (podClass: PodClass) => string | undefined; members: ReadonlyMap<string, readonly PodClass[]> } {
  const of = new Map<string, string | undefined>();
  const members = new Map<string, PodClass[]>();
  for (const { name, classes } of network.pods.namespaces.values()) {
    const group = groupOf(name);
    of.set(name, group);
    if (group === undefined) continue;
    const list = members.get(group) ?? [];
    members.set(group, list);
    classes.forEach((id) => list.push(network.pods.classes[id]!));
  }
  return { of: ({ namespace }) => of.get(namespace.name), members };
}

/** Pairs of which one side names the other. */
function visitNamed(
  { network, rows }: Reachability,
  groupOf: (podClass: PodClass) => string | undefined,
  record: Record,
): void {
  const { classes } = network.pods;
  const visitRow = (own: PodClass, group: string, direction: 'egress' | 'ingress') => {
    const { pairs } = rows.row(own, direction);
    for (let i = 0; i < pairs.length; i += 2) {
      const peer = classes[pairs[i]!]!;
      const other = groupOf(peer);
      if (other === undefined || other === group) continue;
      if (direction === 'egress') record(own, peer, [group, other]);
      else record(peer, own, [other, group]);
    }
  };
  for (const own of classes) {
    const group = groupOf(own);
    if (group === undefined) continue;
    visitRow(own, group, 'egress');
    visitRow(own, group, 'ingress');
  }
}

/** Pairs of a source that may reach everybody, on some ports, with a destination that admits everybody on some of them. */
function visitOpen(
  { network, rows, unmeant }: Pick<Reachability, 'network' | 'rows'> & { readonly unmeant: PortsBetween },
  members: ReadonlyMap<string, readonly PodClass[]>,
  record: Record,
  isEnough: () => boolean,
): void {
  const destinations = openBy(members, (one) => rows.row(one, 'ingress').others);
  const visitGroup = (from: OpenClasses, admitting: readonly OpenClasses[]) => {
    for (const to of admitting) {
      if (isEnough()) return;
      const pair = from.group === to.group ? undefined : firstPair(from.classes, to.classes, unmeant);
      if (pair) record(...pair, [from.group, to.group]);
    }
  };
  for (const [out, sources] of openBy(members, (one) => rows.row(one, 'egress').others)) {
    const admitting = [...destinations].filter(([into]) => network.ports.intersect(out, into) !== NO_PORTS);
    const groups = admitting.flatMap(([, list]) => list);
    sources.forEach((from) => visitGroup(from, groups));
  }
}

interface OpenClasses {
  readonly group: string;
  readonly classes: readonly PodClass[];
}

/** The classes of each group that are open to everybody, by the ports on which they are. */
function openBy(
  members: ReadonlyMap<string, readonly PodClass[]>,
  ports: (podClass: PodClass) => PortSet,
): Map<PortSet, OpenClasses[]> {
  const byPorts = new Map<PortSet, OpenClasses[]>();
  for (const [group, classes] of members) {
    for (const set of new Set(classes.map(ports))) {
      if (set === NO_PORTS) continue;
      push(byPorts, set, { group, classes: classes.filter((one) => ports(one) === set) });
    }
  }
  return byPorts;
}

function firstPair(
  sources: readonly PodClass[],
  destinations: readonly PodClass[],
  ports: PortsBetween,
): [PodClass, PodClass] | undefined {
  for (const source of sources) {
    const destination = destinations.find((one) => ports(source, one) !== NO_PORTS);
    if (destination) return [source, destination];
  }
  return undefined;
}

function portsOf(
  source: PodClass,
  destination: PodClass,
  { network, rows }: Pick<Reachability, 'network' | 'rows'>,
): PortSet {
  return network.ports.intersect(
    rows.portsWith(rows.row(source, 'egress'), destination),
    rows.portsWith(rows.row(destination, 'ingress'), source),
  );
}

function exampleOf(source: PodClass, destination: PodClass) {
  return { source: source.workloads[0]!, destination: destination.workloads[0]! };
}
