import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import type { DeclaredPods } from '../../src/network/declared';
import { targetOf } from '../blueprint/settings';
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
    new ApiObject(this, 'All', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('default-deny'),
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    if (props.dns === false) return;
    const namespace = props.namespace ?? Chart.of(this).namespace ?? '';
    const openings = this.dnsOpenings(namespace);
    new ApiObject(this, 'Dns', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('allow-dns'),
      // Egress alone: that nothing comes in is said once, by the other policy.
      spec: { ...policySpec({}, namespace, { ingress: [], egress: openings }), policyTypes: ['Egress'] },
    });
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

  private dnsOpenings(namespace: string): Opening[] {
    return Peer.dns()
      .resolve({ target: targetOf(this), namespace, direction: 'egress' })
      .flatMap(({ peers, ports }) =>
        peers.map((peer) => ({ peer, ports: resolvePorts(ports, undefined, '').ports })),
      );
  }
}
