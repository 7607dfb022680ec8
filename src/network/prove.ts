import type { Problem, Proof } from '../controls/proof';
import { describeObject, type Manifest } from '../manifest/manifest';
import { TENANT_LABEL } from '../manifest/kinds';
import type { DeclaredConnection } from './declared';
import { diffConnections, partyOf, type ConnectionChange } from './diff';
import { explainConnection, type ExplainedSide } from './explain';
import { formatPorts, type PortRange } from './ports';
import type { Reachability } from './reachability';
import { networkOfTenants, reachedMetadata, type MetadataReach, type TenantNetwork } from './tenant-network';

/**
 * The proof that the network of tenants is what was declared: every declared connection is allowed, and nothing beyond. So no
 * tenant reaches another, and no pod a metadata address, unless somebody declared it.
 */
export function networkAsDeclared(
  declared: (manifests: readonly Manifest[]) => readonly DeclaredConnection[],
): Proof {
  return (manifests, target) => {
    const isTenants = ({ kind, metadata }: Manifest) =>
      kind === 'Namespace' && metadata?.labels?.[TENANT_LABEL];
    if (!manifests.some(isTenants)) return [];
    const network = networkOfTenants(manifests, declared(manifests), target);
    const metadata = reachedMetadata(network).map((reach) => metadataProblem(reach, network, manifests));
    if (network.isAsDeclared) return metadata;
    const { wanted, actual } = network;
    return [
      ...metadata,
      ...diffConnections(wanted, actual).flatMap((change) => toProblem(change, network, manifests)),
    ];
  };
}

function toProblem(
  change: ConnectionChange,
  network: TenantNetwork,
  manifests: readonly Manifest[],
): Problem[] {
  // What an Ingress controller of unknown place may reach follows from what every pod may.
  if (change.source === '{ingress-controller}') return [];
  const { wanted, actual } = network;
  const { ports } = actual.network;
  const ends = [partyOf(change.source), partyOf(change.destination)] as const;
  const [asked, allowed] = [wanted, actual].map((each) => ports.of(each.portsBetween(...ends))) as [
    number,
    number,
  ];
  const beyond = ports.rangesOf(ports.subtract(allowed, asked));
  const missing = ports.rangesOf(ports.subtract(asked, allowed));
  const question = { ends, change, network, manifests };
  if (beyond.length > 0) return [beyondProblem(beyond, question)];
  return missing.length > 0 ? [missingProblem(missing, question)] : [];
}

interface Question {
  readonly ends: readonly [string, string];
  readonly change: ConnectionChange;
  readonly network: TenantNetwork;
  readonly manifests: readonly Manifest[];
}

function sidesOn(reachability: Reachability, ends: Question['ends'], [first]: readonly PortRange[]) {
  const port = { protocol: first!.protocol, port: first!.first };
  return explainConnection(reachability, ...ends, port).sides;
}

function beyondProblem(
  ports: readonly PortRange[],
  { ends, change, network: { wanted, actual }, manifests }: Question,
): Problem {
  const sides = sidesOn(actual, ends, ports);
  const before = sidesOn(wanted, ends, ports);
  const open = sides.find((_, index) => !before[index]!.allowed) ?? sides[0]!;
  const place = placeOf(open, actual, manifests);
  const mend =
    open.because.kind === 'rule'
      ? `remove ${place.field} of ${describeObject(place.manifest)}`
      : `add a NetworkPolicy that selects ${open.workload} for ${open.direction}, such as DefaultDeny makes`;
  return {
    ...place,
    what: `${change.source} => ${change.destination} is allowed on ${formatPorts(ports)}, and nobody declared it`,
    why: 'Whoever breaks into the one gets at the other, past what the program says.',
    fix: `Declare it with allowFrom or allowTo, or ${mend}.`,
  };
}

function missingProblem(
  ports: readonly PortRange[],
  { ends, change, network: { wanted, actual, declaredBy }, manifests }: Question,
): Problem {
  const sides = sidesOn(actual, ends, ports);
  const at = sides.findIndex((side) => !side.allowed);
  const blocking = sides[at]!;
  const asking = sidesOn(wanted, ends, ports)[at]!.because;
  const declared = asking.kind === 'rule' ? declaredBy(asking.policy) : undefined;
  const place = placeOf(blocking, actual, manifests);
  const by = declared ? ` by ${declared.path || 'the app'}` : '';
  return {
    ...place,
    what:
      `${change.source} => ${change.destination} is declared on ${formatPorts(ports)}${by}, ` +
      `and the policies on ${blocking.workload} block its ${blocking.direction}`,
    why: 'What was declared does not work, and whoever has to make it work removes a policy.',
    fix: `Take the declaration back, or leave the rule for the ${blocking.direction} of ${blocking.workload} in the NetworkPolicy that allowFrom and allowTo have made.`,
  };
}

function metadataProblem(
  { workload, address, ports }: MetadataReach,
  { actual }: TenantNetwork,
  manifests: readonly Manifest[],
): Problem {
  const name = `${workload.namespace}/${workload.name}[${workload.kind}]`;
  const [side] = sidesOn(actual, [name, address], ports);
  const place = placeOf(side!, actual, manifests);
  const open = describeObject(place.manifest);
  return {
    ...place,
    what: `${name} reaches the metadata address ${address} on ${formatPorts(ports)}`,
    why: 'A cloud hands the credentials of the node to whoever asks there (MITRE ATT&CK T1552.005).',
    fix:
      side!.because.kind === 'rule'
        ? `Open ${place.field} of ${open} to no more than allowTo with Peer.internet() or Peer.cidr(...) does, which leaves these addresses out.`
        : `Add a NetworkPolicy that selects ${name} for egress, such as DefaultDeny makes.`,
  };
}

/** The rule that decides, or where the policy that is missing would be seen. */
function placeOf(
  { because, workload }: ExplainedSide,
  { network }: Reachability,
  manifests: readonly Manifest[],
) {
  const name =
    because.kind === 'rule' ? because.policy : because.kind === 'isolated' ? because.policies[0] : undefined;
  const named = manifests.find((manifest) => describeObject(manifest) === name);
  if (named) return { manifest: named, field: because.kind === 'rule' ? because.field : 'spec' };
  const owner = [...network.pods.workloads.values()].find(
    ({ namespace, name: own }) => `${namespace}/${own}` === workload,
  );
  return { manifest: owner!.manifest, field: 'metadata' };
}
