import {
  Blueprint,
  ClusterTarget,
  Guardrails,
  Subject,
  Tenant,
  type NamespaceSelfService,
  type TenantProps,
} from '../../../constructs';
import { benchmarkTenants } from '../../../src';
import type { Manifest } from '../../../src/manifest/manifest';
import { blueprint, objectOf, specOf } from '../support';

function cluster(capabilities: object = { capsule: true }, version = '1.33'): Blueprint {
  const { outdir } = blueprint().cluster;
  return new Blueprint({ target: ClusterTarget.kubernetes(version, capabilities), outdir });
}

const NAMESPACES: NamespaceSelfService = { owners: ['shop-leads'], atMost: 4 };

function making(props: TenantProps = {}, namespaces = NAMESPACES): TenantProps {
  return { ...props, selfService: { namespaces } };
}

function shopOf(all: Blueprint, props: TenantProps = {}): Tenant {
  new Guardrails(all, 'guardrails');
  return new Tenant(all, 'shop', making(props));
}

/** What belongs into each namespace that somebody makes. */
function replicated(all: Blueprint): Manifest[] {
  const [resource] = specOf(objectOf(all, 'GlobalTenantResource', 'tenant-shop')).resources;
  return resource.rawItems;
}

function inNamespace(all: Blueprint, namespace: string): Manifest[] {
  return all
    .synth()
    .manifests.filter(({ metadata }) => metadata?.namespace === namespace)
    .map(({ metadata, ...rest }) => {
      const { namespace: _, ...others } = metadata!;
      return { ...rest, metadata: others };
    });
}

const identity = ({ kind, metadata }: Manifest) => `${kind} ${metadata!.name!}`;
const byIdentity = (a: Manifest, b: Manifest) => (identity(a) < identity(b) ? -1 : 1);

describe('namespaces that people of a tenant make', () => {
  it('hold what those hold that are declared', () => {
    const all = cluster();
    const shop = shopOf(all, {
      groups: { viewers: ['support'], deployers: [Subject.serviceAccount('pipelines', 'shop')] },
      allowances: { registries: ['registry.example/shop/'], priorityClasses: ['batch'] },
      addresses: ['192.0.2.0/24'],
    });
    shop.namespace('web');
    const [declared, made] = [inNamespace(all, 'shop-web'), replicated(all)].map((objects) =>
      objects.sort(byIdentity),
    );
    expect(made).toEqual(declared);
    expect(declared!.map(identity)).toEqual([
      'ConfigMap tenant-allowances',
      'LimitRange limits',
      'NetworkPolicy allow-dns',
      'NetworkPolicy default-deny',
      'ResourceQuota priority',
      'ResourceQuota quota',
      'RoleBinding tenant-deployer',
      'RoleBinding tenant-viewer',
    ]);
  });

  it('have the part of the quota that a declared one has, unless it is named', () => {
    const quota = (objects: Manifest[]) =>
      specOf(objects.find(({ metadata }) => metadata!.name === 'quota')!).hard;
    const all = cluster();
    shopOf(all, { quota: { cpu: '10' } }).namespace('web');
    const equal = { 'limits.cpu': '2', resourcequotas: '2' };
    expect(quota(inNamespace(all, 'shop-web'))).toMatchObject(equal);
    expect(quota(replicated(all))).toMatchObject(equal);
    const named = cluster();
    new Guardrails(named, 'guardrails');
    const shop = new Tenant(
      named,
      'shop',
      making({ quota: { cpu: '10' } }, { ...NAMESPACES, quota: { cpu: '1' } }),
    );
    shop.namespace('web');
    expect(quota(inNamespace(named, 'shop-web'))).toMatchObject({ 'limits.cpu': '6' });
    expect(quota(replicated(named))).toMatchObject({ 'limits.cpu': '1' });
  });

  it('have the labels of those that are declared, and say who made them', () => {
    const all = cluster();
    const shop = shopOf(all, { owner: 'team-shop', labels: { stage: 'production' } });
    shop.namespace('web');
    const { labels } = objectOf(all, 'Namespace', 'shop-web').metadata!;
    const { namespaceOptions, owners, forceTenantPrefix } = specOf(objectOf(all, 'Tenant', 'shop'));
    expect(namespaceOptions).toEqual({
      quota: 4,
      additionalMetadataList: [{ labels: { ...labels, 'cdk8s-bulwark/self-service': 'true' } }],
    });
    // Capsule binds `admin` for whoever names no role.
    expect(owners).toEqual([
      { kind: 'Group', name: 'shop-leads', clusterRoles: ['capsule-namespace-deleter'] },
    ]);
    expect(forceTenantPrefix).toBe(true);
  });

  it('may have the labels of the tenant, and no others that nobody knows', () => {
    const all = cluster();
    shopOf(all, { labels: { stage: 'production' } });
    const { validations } = specOf(objectOf(all, 'ValidatingAdmissionPolicy', 'bulwark-namespaces'));
    const [rule] = validations.filter(({ message }: any) => message.startsWith('self-made-namespace-labels'));
    expect(rule.expression).toContain("'kubernetes.io/metadata.name', 'stage']");
  });

  it('are guarded against other tenants where the cluster knows ClusterNetworkPolicy', () => {
    const all = cluster({ capsule: true, clusterNetworkPolicy: true });
    shopOf(all);
    const { subject, ingress, egress } = specOf(
      objectOf(all, 'ClusterNetworkPolicy', 'tenant-shop.self-service'),
    );
    expect(subject.namespaces.matchLabels).toEqual({
      'cdk8s-bulwark/tenant': 'shop',
      'cdk8s-bulwark/self-service': 'true',
    });
    const others = [
      { key: 'cdk8s-bulwark/tenant', operator: 'Exists' },
      { key: 'cdk8s-bulwark/tenant', operator: 'NotIn', values: ['shop'] },
    ];
    expect(ingress[0]).toMatchObject({
      action: 'Deny',
      from: [{ namespaces: { matchExpressions: others } }],
    });
    expect(egress.map(({ action }: any) => action)).toEqual(['Deny', 'Deny']);
  });

  it('are told to Capsule in a file of their own', () => {
    const all = cluster();
    shopOf(all);
    expect(all.synth().files).toEqual(['00-cluster.k8s.yaml', '00-custom.k8s.yaml']);
  });

  it('are made by accounts too, which Capsule knows by their user names', () => {
    const all = cluster();
    new Guardrails(all, 'guardrails');
    const owners = [Subject.serviceAccount('pipelines', 'shop'), Subject.user('alice')];
    new Tenant(all, 'shop', making({}, { owners, atMost: 1 }));
    expect(specOf(objectOf(all, 'Tenant', 'shop')).owners).toEqual([
      expect.objectContaining({ kind: 'ServiceAccount', name: 'system:serviceaccount:pipelines:shop' }),
      expect.objectContaining({ kind: 'User', name: 'alice' }),
    ]);
  });

  it('leave their name to a namespace and to a team', () => {
    const all = cluster();
    const shop = shopOf(all);
    shop.namespace('self-service');
    new Tenant(shop, 'selfservice').namespace('web');
    expect(inNamespace(all, 'shop-self-service')).not.toEqual([]);
  });

  it('leave a team to declare its own', () => {
    const all = cluster();
    const shop = shopOf(all);
    new Tenant(shop, 'payments').namespace('api');
    expect(
      all
        .synth()
        .manifests.filter(({ apiVersion }) => apiVersion.startsWith('capsule'))
        .map(identity),
    ).toEqual(['GlobalTenantResource tenant-shop', 'Tenant shop']);
  });

  it('let its deployers make them without a way out, and pass the benchmarks', () => {
    const all = cluster();
    new Guardrails(all, 'guardrails', { controls: ['image-pull-always'] });
    const namespaces = { owners: ['shop-deployers'], atMost: 4 };
    new Tenant(all, 'shop', making({ groups: { deployers: ['shop-deployers'] } }, namespaces)).namespace(
      'web',
    );
    new Tenant(all, 'bank').namespace('web');
    const { manifests } = all.synth();
    expect(benchmarkTenants(manifests).filter(({ problems }) => problems.length > 0)).toEqual([]);
  });

  it('are not made by people of another tenant', () => {
    const all = cluster();
    shopOf(all).namespace('web');
    new Tenant(all, 'bank', { groups: { viewers: ['shop-leads'] } }).namespace('web');
    expect(() => all.synth()).toThrow(
      /tenant-shop-namespaces\): roleRef breaks no-way-out-of-tenant: A way leads from the tenant bank/,
    );
  });
});

describe('namespaces that people make are refused', () => {
  const refusals: readonly [what: string, make: () => void, message: RegExp][] = [
    [
      'where Capsule is not installed',
      () => new Tenant(cluster({}), 'shop', making()),
      /shop: selfService\.namespaces .*ClusterTarget\.kubernetes\(version, \{ capsule: true \}\)/,
    ],
    [
      'before Kubernetes 1.30',
      () => new Tenant(cluster({ capsule: true }, '1.29'), 'shop', making()),
      /1\.29 has none/,
    ],
    [
      'without an owner',
      () => new Tenant(cluster(), 'shop', making({}, { owners: [], atMost: 1 })),
      /has no owners/,
    ],
    [
      'for everybody who logs in',
      () => new Tenant(cluster(), 'shop', making({}, { owners: ['system:authenticated'], atMost: 1 })),
      /selfService\.namespaces\.owners holds 'system:authenticated'/,
    ],
    ...[0, 1.5, -1, Number.NaN, 1001].map((atMost): [string, () => void, RegExp] => [
      `at most ${atMost} of them`,
      () => new Tenant(cluster(), 'shop', making({}, { owners: ['leads'], atMost })),
      new RegExp(`has atMost ${atMost}, which is no number of namespaces`),
    ]),
    [
      'for a hostile tenant',
      () => {
        const pool = { labels: { pool: 'a' }, taints: [{ key: 'pool', value: 'a', effect: 'NoSchedule' }] };
        const all = cluster({ capsule: true, sandboxRuntimeClass: 'gvisor', nodePools: { a: pool } });
        new Tenant(all, 'acme', making({ trust: 'hostile', nodePool: 'a' }));
      },
      /is hostile, and is given selfService\.namespaces/,
    ],
    [
      'where no guard rails would hold them',
      () => {
        const all = cluster();
        new Guardrails(all, 'guardrails', { mode: 'audit' });
        new Tenant(all, 'shop', making());
        all.synth();
      },
      /shop: lets its people make namespaces, and nothing in the cluster would hold them/,
    ],
    [
      'whose names would be those of another tenant',
      () => {
        const all = cluster();
        shopOf(all);
        new Tenant(all, 'shop-eu').namespace('web');
        all.synth();
      },
      /shop: lets its people make namespaces named shop-\.\.\., and those of shop-eu are named so too/,
    ],
    [
      'by a tenant that lives where Capsule does',
      () => new Tenant(cluster(), 'capsule').namespace('system'),
      /capsule: would get the Namespace 'capsule-system', where Capsule lives/,
    ],
    [
      'without a label by which those of another are known',
      () => {
        const all = cluster();
        shopOf(all, { labels: { zone: 'pci' } });
        new Tenant(all, 'bank', making());
        all.synth();
      },
      /bank: lets its people make namespaces and has no label 'zone', .* Add labels: \{ 'zone': '\.\.\.' \}/,
    ],
    [
      'where each would get nothing of the quota',
      () => {
        const all = cluster();
        shopOf(all, { quota: { pods: 3 } });
        all.synth();
      },
      /^The blueprint has a problem[^]*: Of 3 pods, 3 are left for 4 parts of it, which is nothing for each/,
    ],
    [
      'with a name that Capsule would take for a template',
      () => shopOf(cluster(), { groups: { viewers: ['{{tenant.name}}-viewers'] } }),
      /'\{\{tenant\.name\}\}-viewers' would be in the namespaces .*Give it a name without braces/,
    ],
  ];

  it.each(refusals)('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
