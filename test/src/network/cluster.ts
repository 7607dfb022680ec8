import { load } from 'js-yaml';
import type { Manifest } from '../../../src/manifest/manifest';

/** The documents of a YAML text. */
export function yaml(text: string): Manifest[] {
  return text.split(/^---$/m).map((document) => load(document) as Manifest);
}

/** A Deployment whose pods have the label `app` and a port. */
export function deployment(namespace: string, name: string, port = 8080): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, ports: [{ name: 'http', containerPort: port }] }] },
      },
    },
  };
}

/** A namespace of a tenant. */
export function namespace(name: string, tenant: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'cdk8s-bulwark/tenant': tenant } },
  };
}

/** A NetworkPolicy. */
export function policy(namespace: string, name: string, spec: object): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec };
}

/** A policy that denies everything in a namespace. */
export function denyAll(namespace: string): Manifest {
  return policy(namespace, 'default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
}

/** An entry of `from` or `to` for the pods of a Deployment elsewhere. */
export function podsOf(namespace: string, app: string) {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: { app } },
  };
}

/** Two tenants, of which one may ask the other's API on port 8080. */
export const TWO_TENANTS: readonly Manifest[] = [
  namespace('shop-web', 'shop'),
  namespace('stats', 'analytics'),
  ...[deployment('shop-web', 'web'), deployment('shop-web', 'db', 5432), deployment('stats', 'api')],
  ...[denyAll('shop-web'), denyAll('stats')],
  policy('shop-web', 'web', {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 8080 }] }],
    egress: [
      { to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 5432 }] },
      { to: [podsOf('stats', 'api')], ports: [{ port: 'http' }] },
    ],
  }),
  policy('shop-web', 'db', {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 5433 }] }],
  }),
  policy('stats', 'api', {
    podSelector: { matchLabels: { app: 'api' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [podsOf('shop-web', 'web')], ports: [{ port: 'http' }] }],
    egress: [{ to: [{ ipBlock: { cidr: '169.254.0.0/16' } }] }],
  }),
];
