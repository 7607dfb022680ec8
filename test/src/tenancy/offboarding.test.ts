import { ServiceType } from 'cdk8s-plus-27';
import {
  Guardrails,
  HardenedDeployment,
  LockedClusterRole,
  Peer,
  Subject,
  Tenant,
} from '../../../constructs';
import { analyzeNetwork } from '../../../src/network';
import { describeObject, type Manifest } from '../../../src/manifest/manifest';
import { deleteCommands, offboard } from '../../../src/tenancy/offboarding';
import { blueprint } from '../../constructs/support';

function cluster() {
  const { cluster: all } = blueprint();
  const team = new Tenant(all, 'team', { groups: { deployers: ['ci'] } });
  const web = team.namespace('web');
  const api = new HardenedDeployment(web, 'api', {
    containers: [{ image: 'registry.example/app:1.0.0', port: 8080 }],
  });
  api.allowFrom(Peer.cidr('192.0.2.0/24'), { ports: [8080] });
  api.exposeViaService({
    name: 'api',
    serviceType: ServiceType.CLUSTER_IP,
    ports: [{ port: 80, targetPort: 8080 }],
  });
  new LockedClusterRole(web, 'reader').allow(['get'], ['nodes']).bindTo(api);
  new Tenant(team, 'payments').namespace('jobs');
  return all.synth().manifests;
}

function object(apiVersion: string, kind: string, name: string): Manifest {
  return { apiVersion, kind, metadata: { name } };
}

describe('a tenant that leaves', () => {
  const { freeze, deletions } = offboard(cluster(), 'team');

  it('is frozen first: nothing new is made, and nobody of it changes anything', () => {
    expect(freeze.map(describeObject)).toEqual([
      'Namespace team-payments-jobs',
      'Namespace team-web',
      ...['team-payments-jobs', 'team-web'].flatMap((namespace) => [
        `ResourceQuota ${namespace}/priority`,
        `ResourceQuota ${namespace}/quota`,
        ...(namespace === 'team-web' ? ['NetworkPolicy team-web/api'] : []),
        `RoleBinding ${namespace}/tenant-deployer`,
      ]),
      'ClusterRoleBinding team-web-reader',
    ]);
    for (const manifest of freeze) {
      if (manifest.kind === 'Namespace') {
        expect(manifest.metadata?.labels).toMatchObject({ 'cdk8s-bulwark/frozen': 'true' });
      }
      if (manifest.kind.endsWith('Binding')) expect(manifest.subjects).toEqual([]);
      if (manifest.kind === 'NetworkPolicy') expect(manifest.spec).toMatchObject({ ingress: [] });
      if (manifest.kind === 'ResourceQuota') {
        const { hard } = manifest.spec as { hard: Record<string, string> };
        expect(new Set(Object.values(hard))).toEqual(new Set(['0']));
      }
    }
  });

  it('is deleted from the outside in, and its namespaces last', () => {
    const names = deletions.map(describeObject);
    const at = (name: string) => {
      expect(names).toContain(name);
      return names.indexOf(name);
    };
    const order = [
      'Service team-web/api',
      'Deployment team-web/api',
      'NetworkPolicy team-web/default-deny',
      'ConfigMap team-web/tenant-allowances',
      'ClusterRoleBinding team-web-reader',
      'ClusterRole team-web-reader',
      'Namespace team-web',
    ].map(at);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(names.slice(-2)).toEqual(['Namespace team-payments-jobs', 'Namespace team-web']);
    expect(names.filter((name) => name.includes('shop'))).toEqual([]);
  });

  it('is deleted by commands that name each object with its group', () => {
    expect(deleteCommands(deletions)).toEqual(
      expect.arrayContaining([
        'kubectl delete -n team-web --ignore-not-found deployment.v1.apps/api',
        'kubectl delete --ignore-not-found namespace/team-web',
      ]),
    );
  });

  it('takes its traces with it, and leaves to others what is theirs', () => {
    const subject = (namespace: string) => ({ kind: 'ServiceAccount', namespace, name: 'x' });
    const bind = (name: string, role: string, ...subjects: object[]): Manifest => ({
      ...object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', name),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects,
    });
    const guard = (name: string, ...namespaces: string[]): Manifest => ({
      ...object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name),
      spec: {
        subject: {
          namespaces: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }],
          },
        },
      },
    });
    const role = (name: string) => object('rbac.authorization.k8s.io/v1', 'ClusterRole', name);
    const volume = (name: string, namespace: string): Manifest => ({
      ...object('v1', 'PersistentVolume', name),
      spec: { claimRef: { namespace, name } },
    });
    const all = [
      ...cluster(),
      ...[role('shared'), role('own'), volume('kept', 'shop-web'), volume('going', 'team-web')],
      bind('both', 'shared', subject('team-web'), subject('shop-web')),
      bind('alone', 'own', subject('team-web'), {
        kind: 'Group',
        name: 'system:serviceaccounts:team-payments-jobs',
      }),
      ...[guard('team', 'team-web', 'team-payments-jobs'), guard('two', 'team-web', 'shop-web')],
    ];
    const leaving = offboard(all, 'team');
    const stripped = leaving.freeze.find(({ metadata }) => metadata?.name === 'both');
    expect(stripped?.subjects).toEqual([subject('shop-web')]);
    const clusterWide = leaving.deletions.filter(({ metadata }) => metadata?.namespace === undefined);
    expect(clusterWide.map(describeObject)).toEqual([
      'ClusterRoleBinding team-web-reader',
      'ClusterRoleBinding alone',
      'ClusterRole team-web-reader',
      'ClusterRole tenant-deployer',
      'ClusterRole own',
      'PersistentVolume going',
      'ClusterNetworkPolicy team',
      'Namespace team-payments-jobs',
      'Namespace team-web',
    ]);
  });

  const RBAC = 'rbac.authorization.k8s.io';
  const bound = (name: string, role: string, ...subjects: object[]): Manifest => ({
    ...object(`${RBAC}/v1`, 'ClusterRoleBinding', name),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects,
  });

  it('leaves ClusterRoles of Kubernetes, and those from which others collect rules', () => {
    const account = { kind: 'ServiceAccount', namespace: 'team-web', name: 'ci' };
    const labelled = (name: string, labels: Record<string, string>): Manifest => ({
      ...object(`${RBAC}/v1`, 'ClusterRole', name),
      metadata: { name, labels },
    });
    const collecting: Manifest = {
      ...object(`${RBAC}/v1`, 'ClusterRole', 'monitoring'),
      aggregationRule: {
        clusterRoleSelectors: [{ matchExpressions: [{ key: 'example/monitoring', operator: 'Exists' }] }],
      },
    };
    const roles = [
      labelled('widgets', { [`${RBAC}/aggregate-to-edit`]: 'true' }),
      labelled('metrics', { 'example/monitoring': 'yes' }),
      ...[object(`${RBAC}/v1`, 'ClusterRole', 'view'), labelled('own', { 'example/other': 'yes' })],
    ];
    const names = roles.map(({ metadata }) => metadata?.name ?? '');
    const bindings = names.map((name) => bound(name, name, account));
    const gone = offboard([...cluster(), collecting, ...roles, ...bindings], 'team').deletions;
    const told = gone.filter(({ metadata }) => names.includes(metadata?.name ?? '')).map(describeObject);
    expect(told.sort()).toEqual([
      'ClusterRole own',
      ...['metrics', 'own', 'view', 'widgets'].map((name) => `ClusterRoleBinding ${name}`),
    ]);
  });

  it('loses what its ServiceAccounts have by the name of a user or of their group', () => {
    const user = (namespace: string) => ({
      ...{ apiGroup: RBAC, kind: 'User' },
      name: `system:serviceaccount:${namespace}:ci`,
    });
    const group = { apiGroup: RBAC, kind: 'Group', name: 'system:serviceaccounts:team-web' };
    const elsewhere: Manifest = {
      ...bound('elsewhere', 'view', user('team-web')),
      kind: 'RoleBinding',
      metadata: { name: 'elsewhere', namespace: 'shop-web' },
    };
    const bindings = [
      ...[bound('alone', 'view', user('team-web')), bound('accounts', 'view', group), elsewhere],
      ...[
        bound('both', 'view', user('team-web'), user('shop-web')),
        bound('other', 'view', user('shop-web')),
      ],
    ];
    const names = bindings.map(({ metadata }) => metadata?.name ?? '');
    const { freeze: frozen, deletions: gone } = offboard([...cluster(), ...bindings], 'team');
    const told = (some: readonly Manifest[]) =>
      some.filter(({ metadata }) => names.includes(metadata?.name ?? ''));
    expect(told(frozen).map(({ metadata, subjects }) => [metadata?.name, subjects])).toEqual([
      ...[
        ['alone', []],
        ['accounts', []],
        ['both', [user('shop-web')]],
      ],
      ['elsewhere', []],
    ]);
    expect(told(gone).map(describeObject)).toEqual([
      ...['ClusterRoleBinding alone', 'ClusterRoleBinding accounts', 'RoleBinding shop-web/elsewhere'],
    ]);
  });

  it('is reached by nobody whom a policy of the cluster let in', () => {
    const policy = (name: string, ...namespaces: string[]): Manifest => ({
      ...object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name),
      spec: {
        ...{ tier: 'Admin', priority: 1 },
        subject: {
          namespaces: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }],
          },
        },
        ingress: [
          { action: 'Deny', from: [{ namespaces: { matchLabels: { stage: 'test' } } }] },
          { action: 'Accept', from: [{ namespaces: {} }] },
        ],
        egress: [{ action: 'Accept', to: [{ namespaces: {} }] }],
      },
    });
    const all = [...cluster(), policy('open', 'team-web')];
    const reaching = (manifests: readonly Manifest[]) =>
      analyzeNetwork(manifests)
        .connections()
        .filter(({ destination: to }) => to.kind === 'workload' && to.workload.namespace === 'team-web')
        .map(({ source }) => source.kind);
    const { freeze: first } = offboard(all, 'team');
    const changed = new Map(first.map((one) => [describeObject(one), one]));
    expect(reaching(all)).not.toEqual([]);
    expect(reaching(all.map((one) => changed.get(describeObject(one)) ?? one))).toEqual([]);
    const { ingress, ...others } = policy('open', 'team-web').spec as { ingress: object[] };
    expect(changed.get('ClusterNetworkPolicy open')?.spec).toEqual({ ...others, ingress: [ingress[0]] });
    const shared = offboard([...cluster(), policy('shared', 'team-web', 'shop-web')], 'team').freeze;
    expect(shared.map(({ kind }) => kind)).not.toContain('ClusterNetworkPolicy');
  });

  it('has to be one', () => {
    expect(() => offboard(cluster(), 'taem')).toThrow(
      "There is no tenant 'taem' in these manifests, so nothing can be taken away. Tenants are shop, team, team-payments.",
    );
  });
});

describe('a tenant that leaves with namespaces that its people made', () => {
  const { cluster: all } = blueprint('1.33', { capsule: true, clusterNetworkPolicy: true });
  new Guardrails(all, 'guardrails');
  new Tenant(all, 'team', {
    groups: { deployers: ['ci'] },
    selfService: {
      namespaces: { owners: ['leads'], atMost: 2 },
    },
  });
  const { freeze, deletions } = offboard(all.synth().manifests, 'team');

  it('makes no more of them, and has Capsule freeze those it has', () => {
    expect(freeze.map(describeObject)).toEqual([
      'Tenant team',
      'GlobalTenantResource tenant-team',
      'ClusterRoleBinding tenant-team-namespaces',
    ]);
    const [tenant, replicated, owners] = freeze as any[];
    expect(tenant.spec).toMatchObject({ cordoned: true, forceTenantPrefix: true });
    expect(owners.subjects).toEqual([]);
    const items: any[] = replicated.spec.resources[0].rawItems;
    const { subjects } = items.find(({ kind }) => kind === 'RoleBinding');
    const { spec } = items.find(({ metadata }) => metadata.name === 'quota');
    expect([subjects, spec.hard.pods, spec.hard['limits.cpu']]).toEqual([[], '0', '0']);
    expect(items.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'LimitRange',
      'NetworkPolicy',
      'NetworkPolicy',
      'ResourceQuota',
      'ResourceQuota',
      'RoleBinding',
    ]);
  });

  it('loses them with its Tenant, and what holds them afterwards', () => {
    expect(deletions.map(describeObject)).toEqual([
      'Tenant team',
      'GlobalTenantResource tenant-team',
      'ClusterRoleBinding tenant-team-namespaces',
      'ClusterRole tenant-team-namespaces',
      'ClusterNetworkPolicy tenant-team.self-service',
    ]);
    expect(deleteCommands(deletions)[0]).toBe(
      'kubectl delete --ignore-not-found tenant.v1beta2.capsule.clastix.io/team',
    );
  });

  it('is told once of whoever is an owner by an account of its own', () => {
    const { cluster: another } = blueprint('1.33', { capsule: true });
    new Guardrails(another, 'guardrails');
    const owners = [Subject.serviceAccount('team-web', 'robot')];
    new Tenant(another, 'team', { selfService: { namespaces: { owners, atMost: 2 } } }).namespace('web');
    const leaving = offboard(another.synth().manifests, 'team');
    for (const manifests of [leaving.freeze, leaving.deletions]) {
      const names = manifests.map(describeObject);
      expect(names.filter((name) => name === 'ClusterRoleBinding tenant-team-namespaces')).toHaveLength(1);
    }
  });
});
