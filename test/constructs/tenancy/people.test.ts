import { OidcProvider, Subject, Tenant, Waivers } from '../../../constructs';
import type { Manifest } from '../../../src/manifest/manifest';
import { blueprint } from '../support';

const RULES_OF_EDIT_THAT_ARE_MISSING = [
  ['', 'secrets'],
  ['', 'serviceaccounts/token'],
  ['', 'pods/exec'],
  ['', 'pods/attach'],
  ['', 'pods/portforward'],
  ['', 'pods/proxy'],
  ['', 'services/proxy'],
  ['networking.k8s.io', 'networkpolicies'],
  ['rbac.authorization.k8s.io', 'rolebindings'],
] as const;

/** Everything of the kinds of RBAC that a cluster of one tenant has. */
function rbacOf(props: ConstructorParameters<typeof Tenant>[2]): Manifest[] {
  const { cluster } = blueprint();
  const team = new Tenant(cluster, 'team', props);
  team.namespace('web');
  // Without the guard rails nothing holds back who writes NetworkPolicies.
  if (props?.selfService?.networkPolicies) {
    Waivers.of(team).waive('no-way-out-of-tenant', { reason: 'what is bound is looked at here' });
  }
  return cluster.synth().manifests.filter(({ apiVersion }) => apiVersion.startsWith('rbac.'));
}

function bindings(manifests: readonly Manifest[]): unknown[] {
  return manifests
    .filter(({ kind }) => kind.endsWith('Binding'))
    .map(({ kind, metadata, roleRef, subjects }) => [
      kind,
      metadata?.namespace,
      (roleRef as { name: string }).name,
      (subjects as { name: string }[]).map(({ name }) => name),
    ]);
}

/** Whether any rule of a role grants one of the verbs on a resource. */
function grants(
  role: Manifest,
  [group, resource]: readonly [string, string],
  verbs: readonly string[],
): boolean {
  const rules = role.rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  return rules.some(
    (rule) =>
      rule.apiGroups.includes(group) &&
      rule.resources.includes(resource) &&
      rule.verbs.some((verb) => verbs.includes(verb)),
  );
}

const WRITING = ['create', 'update', 'patch', 'delete', 'deletecollection'];

describe('the people of a tenant', () => {
  it('hold roles of their own in its namespaces and nothing beyond', () => {
    const manifests = rbacOf({
      groups: {
        viewers: ['support'],
        developers: ['shop-dev'],
        deployers: [Subject.serviceAccount('argocd', 'shop')],
      },
    });
    expect(bindings(manifests)).toEqual([
      ['RoleBinding', 'team-web', 'tenant-deployer', ['shop']],
      ['RoleBinding', 'team-web', 'tenant-developer', ['shop-dev']],
      ['RoleBinding', 'team-web', 'tenant-viewer', ['support']],
    ]);
    expect(
      manifests.filter(({ kind }) => kind === 'ClusterRole').map(({ metadata }) => metadata?.name),
    ).toEqual(['tenant-deployer', 'tenant-developer', 'tenant-viewer']);
  });

  it('are given no roles where there are none', () => {
    expect(rbacOf({})).toEqual([]);
  });

  it('may be a group of the login provider', () => {
    const sso = new OidcProvider({ issuer: 'https://login.example.com', clientId: 'kubernetes' });
    expect(bindings(rbacOf({ groups: { viewers: [sso.group('support')] } }))).toEqual([
      ['RoleBinding', 'team-web', 'tenant-viewer', ['oidc:support']],
    ]);
  });

  it.each(['system:authenticated', 'system:masters', 'system:serviceaccounts'])('are not %s', (group) => {
    for (const each of [group, Subject.group(group), Subject.user(group)])
      expect(() => rbacOf({ groups: { viewers: [each] } })).toThrow(/groups\.viewers holds 'system:/);
  });

  it('are no group without a name, and may be an account', () => {
    expect(() => rbacOf({ groups: { viewers: ['a', ''] } })).toThrow(
      /^team: groups\.viewers holds one without/,
    );
    const user = Subject.user('system:serviceaccount:ci:deployer');
    expect(bindings(rbacOf({ groups: { viewers: [user] } }))).toHaveLength(1);
  });

  it('do not get what makes the built-in role edit unsafe', () => {
    const groups = { viewers: ['v'], developers: ['d'], deployers: ['c'] };
    const roles = rbacOf({ groups }).filter(({ kind }) => kind === 'ClusterRole');
    expect(roles).toHaveLength(3);
    for (const role of roles) {
      for (const resource of RULES_OF_EDIT_THAT_ARE_MISSING) {
        expect([role.metadata?.name, resource, grants(role, resource, WRITING)]).toEqual([
          role.metadata?.name,
          resource,
          false,
        ]);
      }
      expect(grants(role, ['', 'secrets'], ['get', 'list', 'watch'])).toBe(false);
      expect(JSON.stringify(role.rules)).not.toMatch(/impersonate|\*/);
    }
  });

  it('run commands in pods only where the tenant is trusted', () => {
    const groups = { developers: ['shop-dev'] };
    expect(bindings(rbacOf({ groups, trust: 'trusted' }))).toEqual([
      ['RoleBinding', 'team-web', 'tenant-debugger', ['shop-dev']],
      ['RoleBinding', 'team-web', 'tenant-developer', ['shop-dev']],
    ]);
    expect(bindings(rbacOf({ groups }))).toHaveLength(1);
  });

  it('write NetworkPolicies and RoleBindings only where that was asked for, with a reason on the role', () => {
    const groups = { deployers: ['ci'] };
    const manifests = rbacOf({ groups, selfService: { networkPolicies: true, roleBindings: true } });
    expect(bindings(manifests)).toEqual([
      ['RoleBinding', 'team-web', 'tenant-deployer', ['ci']],
      ['RoleBinding', 'team-web', 'tenant-granter', ['ci']],
      ['RoleBinding', 'team-web', 'tenant-networker', ['ci']],
    ]);
    const networker = manifests.find(({ metadata }) => metadata?.name === 'tenant-networker')!;
    expect(Object.keys(networker.metadata!.annotations!)).toContain(
      'cdk8s-bulwark/waive.no-network-policy-write-right',
    );
  });

  it('deploy what carries sealed values where the cluster can open them', () => {
    const { cluster } = blueprint('1.33', { sealedSecrets: true });
    new Tenant(cluster, 'team', { groups: { deployers: ['ci'] } }).namespace('web');
    const role = cluster.synth().manifests.find(({ metadata }) => metadata?.name === 'tenant-deployer')!;
    expect(grants(role, ['bitnami.com', 'sealedsecrets'], ['create'])).toBe(true);
    expect(grants(role, ['external-secrets.io', 'externalsecrets'], ['create'])).toBe(false);
  });
});
