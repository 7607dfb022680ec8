import type { Problem, Proof } from '../controls/proof';
import { namespaceOf } from '../manifest/inventory';
import { describeObject, type Manifest } from '../manifest/manifest';
import { TENANT_LABEL } from '../report/summary';
import type { DeclaredConnection, DeclaredPeer } from './declared';
import { diffConnections, type ConnectionChange } from './diff';
import { explainConnection, type ExplainedSide } from './explain';
import { NAMESPACE_NAME_LABEL } from './pods';
import { formatPorts } from './ports';
import { analyzeNetwork, type Reachability } from './reachability';

/**
 * The proof that the network of tenants is what was declared: every declared connection is allowed, and nothing beyond. So no
 * tenant reaches another, and no pod a metadata address, unless somebody declared it.
 *
 * What was declared is written as policies once more, one for each connection and side, and the connections that these allow
 * are compared with those that the manifests allow.
 */
export function networkAsDeclared(declared: () => readonly DeclaredConnection[]): Proof {
  return (manifests, target) => {
    const tenants = new Set(manifests.flatMap(tenantNamespace));
    if (tenants.size === 0) return [];
    const others = manifests.filter(
      (manifest) => manifest.kind !== 'NetworkPolicy' || !tenants.has(namespaceOf(manifest)),
    );
    const closed = [...tenants].map((namespace) =>
      policy(namespace, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    );
    const wanted = analyzeNetwork([...others, ...closed, ...declared().flatMap(policiesFor)], { target });
    const actual = analyzeNetwork(manifests, { target });
    return diffConnections(wanted, actual).flatMap((change) =>
      toProblem(change, { wanted, actual, manifests }),
    );
  };
}

function tenantNamespace({ kind, metadata }: Manifest): string[] {
  return kind === 'Namespace' && metadata?.labels?.[TENANT_LABEL] ? [String(metadata.name)] : [];
}

/** A policy on each side that a connection opens. */
function policiesFor({ source, destination, ports, opens }: DeclaredConnection): Manifest[] {
  const egress = { to: peersOf(destination), ports };
  const ingress = { from: peersOf(source), ports };
  return [
    ...(opens === 'ingress' ? [] : on(source, { policyTypes: ['Egress'], egress: [egress] })),
    ...(opens === 'egress' ? [] : on(destination, { policyTypes: ['Ingress'], ingress: [ingress] })),
  ];
}

function on(peer: DeclaredPeer, spec: object): Manifest[] {
  if (peer.type === 'block') return [];
  return peer.namespaces.map((namespace) =>
    policy(namespace, { podSelector: { matchLabels: peer.labels }, ...spec }),
  );
}

function policy(namespace: string, spec: object): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace }, spec };
}

function peersOf(peer: DeclaredPeer): object[] {
  if (peer.type === 'block') return [{ ipBlock: { cidr: peer.cidr, except: peer.except } }];
  return peer.namespaces.map((namespace) => ({
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } },
    podSelector: { matchLabels: peer.labels },
  }));
}

interface ProofContext {
  readonly wanted: Reachability;
  readonly actual: Reachability;
  readonly manifests: readonly Manifest[];
}

/** An end of a change as a question names it: of a range of addresses the first. */
function nameOf(end: string): string {
  return end.endsWith('[External]') ? end.slice(0, end.indexOf('-')) : end;
}

function toProblem(change: ConnectionChange, { wanted, actual, manifests }: ProofContext): Problem[] {
  // What an Ingress controller of unknown place may reach follows from what every pod may.
  if (change.source === '{ingress-controller}') return [];
  const [source, destination] = [nameOf(change.source), nameOf(change.destination)];
  const [asked, allowed] = [wanted, actual].map((each) =>
    actual.network.ports.of(each.portsBetween(source, destination)),
  ) as [number, number];
  const beyond = actual.network.ports.rangesOf(actual.network.ports.subtract(allowed, asked));
  const missing = actual.network.ports.rangesOf(actual.network.ports.subtract(asked, allowed));
  const [first] = [...beyond, ...missing];
  if (!first) return [];
  const port = { protocol: first.protocol, port: first.first };
  const { sides } = explainConnection(actual, source, destination, port);
  const ends = `${change.source} => ${change.destination}`;
  if (beyond.length > 0) {
    const before = explainConnection(wanted, source, destination, port).sides;
    const open = sides.find((_, index) => !before[index]!.allowed) ?? sides[0]!;
    return [
      {
        ...placeOf(open, actual, manifests),
        what: `${ends} is allowed on ${formatPorts(beyond)}, and nobody declared it`,
        why: 'Whoever breaks into the one gets at the other, past what the program says.',
        fix: 'Declare it with allowFrom or allowTo, or remove the rule.',
      },
    ];
  }
  const blocking = sides.find((side) => !side.allowed) ?? sides[0]!;
  return [
    {
      ...placeOf(blocking, actual, manifests),
      what: `${ends} is declared on ${formatPorts(missing)}, and the policies on ${blocking.workload} block its ${blocking.direction}`,
      why: 'What was declared does not work, and whoever has to make it work removes a policy.',
      fix: 'Do not change or remove the NetworkPolicy that allowFrom and allowTo have made.',
    },
  ];
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
