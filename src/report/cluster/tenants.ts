import { explainConnection } from '../../network/explain';
import { findCrossings, type Crossing } from '../../network/isolation';
import { workloadName, type Workload } from '../../network/pods';
import type { Direction } from '../../network/policy';
import { formatPorts, NO_PORTS } from '../../network/ports';
import type { Reachability } from '../../network/reachability';
import { describeEscape } from '../../rbac/tenant-proof';
import type { TenancyTheorem } from '../../tenancy/theorem';
import type { CrossingEntry, TenantSection } from './model';

/** More crossings than these are no exceptions, and nobody reads on. */
const MOST_CROSSINGS = 2000;

/** Which tenants reach which, each with an example and what allows it. */
export function tenantSection(
  reachability: Reachability,
  { tenants, rights }: TenancyTheorem,
): TenantSection {
  const crossings = findCrossings(reachability, { limit: MOST_CROSSINGS });
  return {
    names: tenants,
    statement: tenants.length > 1 ? statementOf(tenants.length, crossings.length) : undefined,
    crossings: crossings.map((crossing) => crossingEntry(crossing, reachability)),
    isComplete: crossings.length < MOST_CROSSINGS,
    escapes: rights.holes.map(describeEscape),
  };
}

function crossingEntry(
  { from, to, source, destination, ports }: Crossing,
  reachability: Reachability,
): CrossingEntry {
  const [own, other] = [workloadName(source), workloadName(destination)];
  const [first] = ports;
  const explained = first
    ? explainConnection(reachability, own, other, { protocol: first.protocol, port: first.first })
    : undefined;
  return {
    from,
    to,
    isNamed: isNamed(source, destination, reachability),
    example: `${own} => ${other} on ${formatPorts(ports)}`,
    explanation: explained?.sentences ?? [],
  };
}

/** Whether each end is reached or reaches because policies name the other, not because they let everybody in or out. */
function isNamed(source: Workload, destination: Workload, { rows }: Reachability): boolean {
  const names = ({ classes }: Workload, direction: Direction) =>
    classes.every((one) => rows.row(one, direction).others === NO_PORTS);
  return names(source, 'egress') && names(destination, 'ingress');
}

function statementOf(tenants: number, crossings: number): string {
  const pairs = (tenants * (tenants - 1)).toLocaleString('en');
  if (crossings === 0) return `No network path leads across any of ${pairs} ordered pairs of tenants`;
  return `Network paths lead across ${crossings.toLocaleString('en')} of ${pairs} ordered pairs of tenants, and across no other`;
}
