import type { Manifest } from '../../../../src/manifest/manifest';
import { clusterReport } from '../../../../src/report/cluster/build';
import { formatReport } from '../../../../src/report/cluster/formats';
import { readManifests } from '../../../../src/manifest/reader';
import { toYaml } from '../../../../src/manifest/yaml';

const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' };

/** A role that changes ConfigMaps, and evicts and impersonates, bound in a namespace or in the whole cluster. */
function bound(namespace?: string): Manifest[] {
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    { apiGroups: [''], resources: ['users'], verbs: ['impersonate'] },
  ];
  return [
    { ...RBAC, kind: 'ClusterRole', metadata: { name: 'editor' }, rules },
    {
      ...RBAC,
      kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
      metadata: { name: 'editors', ...(namespace !== undefined && { namespace }) },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'editor' },
      subjects: [{ kind: 'User', name: 'ann' }],
    },
  ];
}

/** The cells of the only row about rights. */
function row(manifests: readonly Manifest[]): string[] {
  const report = clusterReport(readManifests(toYaml(manifests), 'all.yaml').manifests);
  const [, body = ''] =
    /<table class="rights">[^]*?<tbody>([^]*?)<\/tbody>/.exec(formatReport(report, 'html')) ?? [];
  return [...body.matchAll(/<t[hd][^>]*>([^]*?)<\/t[hd]>/g)].map(([, cell = '']) =>
    cell
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
}

const SYSTEM = 'critical changes the ConfigMaps that answer names and, on EKS, name the administrators';
const EVICTS = 'medium evicts pods, which start elsewhere';

describe('the rights of a subject', () => {
  it('are what it reads and what it changes, with the verb where it is no usual one', () => {
    const [subject, where, reads, changes] = row(bound('shop'));
    expect([subject, where, reads, changes]).toEqual([
      'User ann',
      'shop',
      'configmaps',
      'configmaps, pods/eviction, impersonate users',
    ]);
  });

  it('lead further only where they are bound so that they count', () => {
    expect(row(bound('shop'))[4]).toBe(EVICTS);
    expect(row(bound('kube-system'))[4]).toBe(`${SYSTEM} ${EVICTS}`);
    expect(row(bound())[4]).toContain(SYSTEM);
  });

  it('are everything, and nothing besides, where they are everything', () => {
    const manifests = bound();
    (manifests[0] as any).rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    expect(row(manifests)).toEqual(['User ann', 'the whole cluster', '*', '*', 'critical does everything']);
  });
});
