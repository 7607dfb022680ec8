import type { Manifest } from '../../src/manifest/manifest';

/** A cluster as tenants make it: policies name the pods of their own namespace and a few of the platform. */
export interface TenantShape {
  readonly kind: 'tenants';
  readonly namespaces: number;
  /** Pods of each of the five workloads of a namespace. */
  readonly replicas: number;
  /** Whether pods are objects of their own, as in a dump of a cluster, or templates of Deployments. */
  readonly as: 'Pod' | 'Deployment';
}

/** A cluster without any order: every policy selects a part of all pods, and its peers are another part. */
export interface RandomShape {
  readonly kind: 'random';
  readonly pods: number;
  readonly policies: number;
}

export type Shape = TenantShape | RandomShape;

/** The manifests of a cluster. The same shape gives the same. */
export function clusterOf(shape: Shape): Manifest[] {
  return shape.kind === 'tenants' ? tenantCluster(shape) : randomCluster(shape);
}

const WORKLOADS = ['web', 'api', 'worker', 'cache', 'db'] as const;
const NAMESPACES_OF_A_TENANT = 4;

function tenantCluster({ namespaces, replicas, as }: TenantShape): Manifest[] {
  const manifests: Manifest[] = [...platform('kube-system', 'kube-dns'), ...platform('ingress', 'ingress')];
  for (let index = 0; index < namespaces; index += 1) {
    const namespace = `ns-${index}`;
    const tenant = `tenant-${Math.floor(index / NAMESPACES_OF_A_TENANT)}`;
    manifests.push(namespaceOf(namespace, tenant));
    for (const app of WORKLOADS) {
      if (as === 'Deployment') manifests.push(deployment(namespace, app, replicas));
      else for (let pod = 0; pod < replicas; pod += 1) manifests.push(podOf(namespace, app, pod));
    }
    manifests.push(...tenantPolicies(namespace));
  }
  return manifests;
}

/** Ten policies, as many namespaces have. */
function tenantPolicies(namespace: string): Manifest[] {
  const pods = (app: string) => ({ podSelector: { matchLabels: { app } } });
  const tcp = (port: number | string) => [{ protocol: 'TCP', port }];
  const ingress = (app: string, from: object, port: number | string) =>
    policy(namespace, `${app}-in`, {
      ...pods(app),
      policyTypes: ['Ingress'],
      ingress: [{ from: [from], ports: tcp(port) }],
    });
  const egress = (app: string, to: object[], port: number | string) =>
    policy(namespace, `${app}-out`, {
      ...pods(app),
      policyTypes: ['Egress'],
      egress: [{ to, ports: tcp(port) }],
    });
  return [
    policy(namespace, 'default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    policy(namespace, 'allow-dns', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        {
          to: [platformPeer('kube-system', 'kube-dns')],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    }),
    ingress('web', platformPeer('ingress', 'ingress'), 8080),
    egress('web', [pods('api')], 'http'),
    ingress('api', pods('web'), 'http'),
    egress('api', [pods('db'), pods('cache')], 5432),
    ingress('db', pods('api'), 5432),
    ingress('cache', pods('api'), 5432),
    egress('worker', [pods('db')], 5432),
    policy(namespace, 'worker-outside', {
      ...pods('worker'),
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32', '10.0.0.0/8'] } }],
          ports: tcp(443),
        },
      ],
    }),
  ];
}

const LABELS = 20;
const VALUES = 4;
const RANDOM_NAMESPACES = 50;

/** Labels, selectors and ports by a generator of our own, so that every run asks the same. */
function randomCluster({ pods, policies }: RandomShape): Manifest[] {
  const random = generator(7);
  const pick = (count: number) => Math.floor(random() * count);
  const someLabels = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, () => [`k${pick(LABELS)}`, `v${pick(VALUES)}`]));
  const kinds = Array.from({ length: pods / 15 }, () => ({
    namespace: `ns-${pick(RANDOM_NAMESPACES)}`,
    labels: someLabels(6),
  }));
  const peer = () => ({
    namespaceSelector: random() < 0.5 ? {} : { matchLabels: { zone: `z${pick(5)}` } },
    podSelector: { matchLabels: someLabels(1) },
  });
  return [
    ...Array.from({ length: RANDOM_NAMESPACES }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `ns-${index}`, labels: { zone: `z${index % 5}` } },
    })),
    ...Array.from({ length: pods }, (_, index) => {
      const { namespace, labels } = kinds[index % kinds.length]!;
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace, name: `pod-${index}`, labels: { ...labels } },
        spec: { containers: [{ name: 'main', ports: [{ containerPort: 8080 }] }] },
      };
    }),
    ...Array.from({ length: policies }, (_, index) => ({
      ...policy(`ns-${pick(RANDOM_NAMESPACES)}`, `policy-${index}`, {
        podSelector: { matchLabels: someLabels(1) },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [peer()], ports: [{ port: 8000 + pick(10) }] }],
        egress: [{ to: [peer()], ports: [{ port: 8000 + pick(10) }] }],
      }),
    })),
  ];
}

function namespaceOf(name: string, tenant: string): Manifest {
  const labels = { 'kubernetes.io/metadata.name': name, 'cdk8s-bulwark/tenant': tenant };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function platform(namespace: string, app: string): Manifest[] {
  const open = {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }],
    egress: [{ to: [{ namespaceSelector: { matchExpressions: [] } }], ports: [{ port: 8080 }] }],
  };
  return [namespaceOf(namespace, 'platform'), deployment(namespace, app, 3), policy(namespace, 'open', open)];
}

function platformPeer(namespace: string, app: string): object {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: { app } },
  };
}

function template(app: string) {
  return {
    metadata: { labels: { app, 'app.kubernetes.io/managed-by': 'bench' } },
    spec: {
      containers: [
        { name: app, image: `registry.example/${app}:1`, ports: [{ name: 'http', containerPort: 8080 }] },
      ],
    },
  };
}

function deployment(namespace: string, app: string, replicas: number): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: app },
    spec: { replicas, selector: { matchLabels: { app } }, template: template(app) },
  };
}

function podOf(namespace: string, app: string, index: number): Manifest {
  const { metadata, spec } = template(app);
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: app, controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: `${app}-${index}`, ...metadata, ownerReferences },
    spec,
  };
}

function policy(namespace: string, name: string, spec: object): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec };
}

/** Numbers from 0 to 1 that look random (a linear congruential generator, Numerical Recipes). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
