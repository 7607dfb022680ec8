import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import type { DeclaredPods } from '../../src/network/declared';
import type { ClusterTarget } from '../../src/target/target';
import { targetOf } from '../blueprint/settings';
import type { NamespaceObject } from '../tenancy/namespace-objects';
import { declareConnections } from './declarations';
import { Peer } from './peer';
import { policySpec, type Opening } from './policy';
import { resolvePorts } from './ports';

/** Properties of {@link DefaultDeny}. */
export interface DefaultDenyProps {
  /** Whether pods may resolve names. @default true */
  readonly dns?: boolean;
  /** @default the chart's namespace */
  readonly namespace?: string;
}

/**
 * Closes a namespace: no pod in it is reached and none reaches anything, save what other policies allow. Names still resolve,
 * over UDP and TCP (answers longer than 512 bytes come over TCP), at the DNS of the target and at its node-local cache.
 *
 * Sources: CIS 1.11 5.3.2; NSA/CISA 1.2, network separation; Kubernetes, "Multi-tenancy".
 */
export class DefaultDeny extends Construct {
  constructor(scope: Construct, id: string, props: DefaultDenyProps = {}) {
    super(scope, id);
    const metadata = (name: string) => ({ name, ...(props.namespace && { namespace: props.namespace }) });
    const namespace = props.namespace ?? Chart.of(this).namespace ?? '';
    const openings = props.dns === false ? [] : dnsOpenings(targetOf(this), namespace);
    const [all, dns] = closingPolicies(namespace, openings);
    new ApiObject(this, 'All', { ...all, metadata: metadata(all.metadata.name) });
    if (props.dns === false) return;
    new ApiObject(this, 'Dns', { ...dns, metadata: metadata(dns.metadata.name) });
    const everyPod: DeclaredPods = { type: 'pods', namespaces: [namespace || 'default'], labels: {} };
    declareConnections(this, () =>
      openings.map(({ peer, ports }) => ({
        source: everyPod,
        destination: peer,
        ports,
        opens: 'egress' as const,
        path: this.node.path,
      })),
    );
  }
}

/** That nothing is reached, and that names are resolved. */
export function closingPolicies(
  namespace: string,
  openings: readonly Opening[],
): [all: NamespaceObject, dns: NamespaceObject] {
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
  return [
    {
      ...policy,
      metadata: { name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    },
    {
      ...policy,
      metadata: { name: 'allow-dns' },
      // Egress alone: that nothing comes in is said once, by the other policy.
      spec: { ...policySpec({}, namespace, { ingress: [], egress: openings }), policyTypes: ['Egress'] },
    },
  ];
}

/** Where pods of a namespace resolve names. */
export function dnsOpenings(target: ClusterTarget, namespace: string): Opening[] {
  return Peer.dns()
    .resolve({ target, namespace, direction: 'egress' })
    .flatMap(({ peers, ports }) =>
      peers.map((peer) => ({ peer, ports: resolvePorts(ports, undefined, '').ports })),
    );
}
