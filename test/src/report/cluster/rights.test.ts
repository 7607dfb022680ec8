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

function reportOf(manifests: readonly Manifest[]) {
  return clusterReport(readManifests(toYaml(manifests), 'all.yaml').manifests);
}

/** The cells of the only row about rights. */
function row(manifests: readonly Manifest[]): string[] {
  const report = reportOf(manifests);
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

  it('answer who may do what also where a rule is about some objects by name', () => {
    const manifests = bound('shop');
    (manifests[0] as any).rules = [
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['db'], verbs: ['get'] },
      { apiGroups: [''], resources: ['*/exec'], resourceNames: ['web'], verbs: ['create'] },
    ];
    const { questions } = reportOf(manifests).rights;
    const answered = questions.filter(({ subjects }) => subjects.length > 0);
    expect(answered).toEqual([
      { request: 'get secrets', subjects: ['User ann'] },
      { request: 'create pods/exec', subjects: ['User ann'] },
    ]);
  });

  it.each([
    ['one namespace', ['shop'], ['shop']],
    ['two namespaces', ['shop', 'blog'], ['shop', 'blog']],
    ['the whole cluster and a namespace', ['shop', undefined], []],
  ])('are a role once, in %s', (_, places, namespaces) => {
    const bindings = places.map((place) => bound(place)[1]!);
    const { subjects } = reportOf([bound()[0]!, ...bindings]).rights;
    expect(subjects).toEqual([{ name: 'User ann', grants: [{ role: 0, namespaces }] }]);
  });
});
