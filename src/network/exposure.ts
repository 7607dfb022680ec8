import { push } from '../groups';
import { describeObject, isObject, type Manifest } from '../manifest/manifest';
import { parseCidr } from './cidr';
import type { AddressRange } from './addresses';
import { portsByRange } from './connections';
import { METADATA_ADDRESSES } from './metadata';
import type { Workload } from './pods';
import { DIRECTIONS, type Direction } from './policy';
import { NO_PORTS, type PortRange, type PortSet } from './ports';
import { listOf } from '../lists';
import type { Reachability } from './reachability';

/** What of a workload is open to more than other pods. */
export interface WorkloadExposure {
  readonly workload: Workload;
  /** Ports that policies open to public addresses. */
  readonly fromInternet: readonly PortRange[];
  /** Ports of public addresses that the pods may reach. */
  readonly toInternet: readonly PortRange[];
  /** Addresses at which a cloud hands out credentials, as far as the pods may reach them. */
  readonly metadata: readonly string[];
  /** Ports of the API server that the pods may reach, where the target says where it is. */
  readonly toApiServer: readonly PortRange[];
  /** Directions for which no policy selects the pods. */
  readonly unselected: readonly Direction[];
  /** What leads from outside of the cluster to the pods: Ingresses and Services with a port outside. */
  readonly publishedBy: readonly string[];
  readonly hostNetwork: boolean;
}

/** Addresses that are not on the Internet (RFC 1918, 6598, 3927, 5735, 4193, 4291). */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/8',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].map(parseCidr);

/** What of each workload is open to the Internet, cloud metadata and the API server, and which pods no policy selects. */
export function exposureOf(reachability: Reachability): WorkloadExposure[] {
  const published = publications(reachability);
  return reachability.workloads.map((workload) => ({
    workload,
    ...addressExposure(workload, reachability),
    unselected: DIRECTIONS.filter((direction) => isUnselected(workload, direction, reachability)),
    publishedBy: [...new Set(published.get(workload))],
    hostNetwork: workload.classes.some(({ hostNetwork }) => hostNetwork),
  }));
}

function addressExposure({ classes }: Workload, reachability: Reachability) {
  const { network, rows, target } = reachability;
  const ports = (direction: Direction, matches: (range: AddressRange) => boolean) =>
    network.ports.rangesOf(
      portsByRange(classes, direction, { network, rows })
        .filter(({ range }) => matches(range))
        .map((each) => network.ports.of(each.ports))
        .reduce(network.ports.union, NO_PORTS),
    );
  const reached = (address: string): PortSet => {
    const cidr = parseCidr(address);
    if (!network.families.includes(cidr.family)) return NO_PORTS;
    const piece = network.space().pieceAt(cidr.family, cidr.first);
    return classes
      .map((one) => rows.segments(one, 'egress').find(({ last }) => piece <= last)!.ports)
      .reduce(network.ports.union, NO_PORTS);
  };
  const apiServer = (target.apiServer?.cidrs ?? []).map(reached).reduce(network.ports.union, NO_PORTS);
  return {
    fromInternet: ports('ingress', isPublic),
    toInternet: ports('egress', isPublic),
    metadata: METADATA_ADDRESSES.map(({ text }) => text)
      .filter((address) => reached(address) !== NO_PORTS)
      .map((address) => address.slice(0, address.indexOf('/'))),
    toApiServer: network.ports.rangesOf(apiServer),
  };
}

/** Whether some address of a range is on the Internet. */
function isPublic({ family, first, last }: AddressRange): boolean {
  let next = first;
  // Blocks that are not public are disjoint and ascending within a family.
  for (const block of NOT_PUBLIC) {
    if (block.family === family && block.first <= next && next <= block.last) next = block.last + 1n;
  }
  return next <= last;
}

function isUnselected({ classes }: Workload, direction: Direction, { network }: Reachability): boolean {
  return classes.some(
    (podClass) => !network.policiesOn(podClass).some((policy) => policy[direction] !== undefined),
  );
}

/** By workload, what leads to it from outside, some of it more than once. */
function publications({ services }: Reachability): Map<Workload, string[]> {
  const published = new Map<Workload, string[]>();
  const add = (workload: Workload, manifest: Manifest) => push(published, workload, describeObject(manifest));
  services.ingresses.forEach(({ workload, ingress }) => add(workload, ingress));
  for (const name of services.names) {
    const slash = name.indexOf('/');
    const [namespace, own] = [name.slice(0, slash), name.slice(slash + 1)];
    const manifest = services.manifest(namespace, own);
    if (!manifest || !isOpenOutside(manifest)) continue;
    services.targetsOf(namespace, own).forEach(({ workload }) => add(workload, manifest));
  }
  return published;
}

function isOpenOutside({ spec }: Manifest): boolean {
  const { type, externalIPs } = isObject(spec) ? spec : {};
  return type === 'NodePort' || type === 'LoadBalancer' || listOf(externalIPs).length > 0;
}
