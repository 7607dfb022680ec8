import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { targetOf } from '../blueprint/settings';
import { podPeer, type PolicyPeer } from './peer';

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
    new ApiObject(this, 'Dns', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('allow-dns'),
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: this.dnsRules() },
    });
  }

  private dnsRules(): object[] {
    const { dns } = targetOf(this);
    const rule = (port: number, to: PolicyPeer[]) => ({
      ports: [
        { port, protocol: 'UDP' },
        { port, protocol: 'TCP' },
      ],
      to,
    });
    const nodeLocal = dns.nodeLocal.map((address) => ({
      ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` },
    }));
    const pods = rule(dns.port, [podPeer(dns.podLabels, dns.namespace, undefined)]);
    return nodeLocal.length > 0 ? [pods, rule(53, nodeLocal)] : [pods];
  }
}
