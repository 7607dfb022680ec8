import { Guardrails, Subject, Tenant, type TenantProps } from '../../../constructs';
import { benchmarkTenants, TENANCY_BENCHMARKS } from '../../../src/tenancy/benchmark';
import type { Manifest } from '../../../src/manifest/manifest';
import { blueprint } from '../../constructs/support';

const GROUPS = {
  viewers: ['support'],
  developers: ['developers'],
  deployers: [Subject.serviceAccount('pipelines', 'team')],
};

/** The manifests of a tenant with people, beside another. */
function manifestsOf(props: TenantProps = {}): Manifest[] {
  const { cluster } = blueprint();
  const team = new Tenant(cluster, 'team', { groups: GROUPS, ...props });
  ['web', 'data'].forEach((name) => team.namespace(name));
  new Guardrails(cluster, 'guardrails', { controls: ['image-pull-always'] });
  return [...cluster.synth().manifests];
}

/** Benchmark and problem of every check that does not hold for `team`. */
function failures(manifests: readonly Manifest[], level: 1 | 2 = 1): [string, string][] {
  return benchmarkTenants(manifests, { level })
    .filter(({ tenant }) => tenant === 'team')
    .flatMap(({ check, problems }) =>
      problems.map((problem): [string, string] => [check.benchmark, problem]),
    );
}

/** The manifests after one of them was changed. */
function changed(kind: string, name: string, change: (manifest: any) => void): Manifest[] {
  const manifests = structuredClone(manifestsOf());
  const ofTeam = manifests.filter(({ metadata }) => metadata?.namespace !== 'shop-web');
  const found = ofTeam.find((one) => one.kind === kind && one.metadata?.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  change(found);
  return manifests;
}

function grant(rule: object, namespace?: string): Manifest[] {
  const group = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name: 'more' }, rules: [rule] },
    {
      apiVersion: `${group}/v1`,
      kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
      metadata: { name: 'more', ...(namespace && { namespace }) },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'more' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'developers' }],
    },
  ];
}

it('has the 18 checks of the multi-tenancy benchmarks', () => {
  expect(TENANCY_BENCHMARKS).toHaveLength(18);
});

describe('a tenant', () => {
  it('passes every check of the first level', () => {
    expect(failures(manifestsOf())).toEqual([]);
  });

  it('passes those of the second as well where its people serve themselves', () => {
    expect(failures(manifestsOf(), 2).map(([benchmark]) => benchmark)).toEqual([
      'MTB-PL2-BC-OPS-4',
      'MTB-PL2-BC-OPS-4',
      'MTB-PL2-BC-OPS-3',
      'MTB-PL2-BC-OPS-3',
    ]);
    const selfService = { networkPolicies: true, roleBindings: true };
    expect(failures(manifestsOf({ selfService }), 2)).toEqual([]);
  });

  it('passes them with teams that its people look after', () => {
    const { cluster } = blueprint();
    const team = new Tenant(cluster, 'team', { groups: GROUPS });
    team.namespace('web');
    new Tenant(team, 'payments').namespace('api');
    new Guardrails(cluster, 'guardrails', { controls: ['image-pull-always'] });
    expect(failures(cluster.synth().manifests)).toEqual([]);
  });
});

describe('a check', () => {
  const UNGUARDED: [string, RegExp][] = [
    ['MTB-PL1-BC-CPI-2', /ServiceAccount team may change ConfigMap team-data\/tenant-allowances/],
    ['MTB-PL1-BC-CPI-2', /ServiceAccount team may change ConfigMap team-web\/tenant-allowances/],
    ['MTB-PL1-CC-DI-1', /Nothing refuses/],
    ['MTB-PL1-CC-DI-1', /Nothing refuses/],
  ];
  const withNamespace = (level: string) =>
    changed('Namespace', 'team-web', ({ metadata }) => {
      metadata.labels['pod-security.kubernetes.io/enforce'] = level;
    });
  const withoutQuota = (key: string) =>
    changed('ResourceQuota', 'quota', ({ spec }) => delete spec.hard[key]);
  const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };

  it.each<[string, () => Manifest[], [string, RegExp][]]>([
    [
      'a right to nodes',
      () => [...manifestsOf(), ...grant({ apiGroups: [''], resources: ['nodes'], verbs: ['list'] })],
      [['MTB-PL1-CC-CPI-1', /Group developers may list nodes/]],
    ],
    [
      'a right to quotas',
      () => [
        ...manifestsOf(),
        ...grant({ apiGroups: [''], resources: ['resourcequotas'], verbs: ['patch'] }, 'team-web'),
      ],
      [['MTB-PL1-CC-TI-1', /Group developers may patch resourcequotas in team-web/]],
    ],
    [
      'a right to the quota by its name',
      () => {
        const named = {
          apiGroups: [''],
          resources: ['resourcequotas'],
          verbs: ['patch'],
          resourceNames: ['quota'],
        };
        return [...manifestsOf(), ...grant(named, 'team-web')];
      },
      [['MTB-PL1-CC-TI-1', /Group developers may patch resourcequotas in team-web/]],
    ],
    [
      'a role in every namespace',
      () => [...manifestsOf(), ...grant(secrets)],
      [['MTB-PL1-CC-TI-2', /Group developers has ClusterRole more in every namespace/]],
    ],
    [
      'a role in a namespace of another',
      () => [...manifestsOf(), ...grant(secrets, 'shop-web')],
      [['MTB-PL1-CC-TI-2', /Group developers has ClusterRole more in shop-web, of shop/]],
    ],
    [
      'a baseline namespace',
      () => withNamespace('baseline'),
      [
        ['MTB-PL1-BC-CPI-3', /enforces baseline/],
        ['MTB-PL1-BC-CPI-4', /enforces baseline/],
        ['MTB-PL1-BC-CPI-6', /enforces baseline/],
      ],
    ],
    [
      'a privileged namespace',
      () => withNamespace('privileged'),
      ['CPI-3', 'CPI-4', 'CPI-5', 'CPI-6', 'HI-1', 'HI-3', 'HI-4', 'HI-5'].map((id) => [
        `MTB-PL1-BC-${id}`,
        /team-web enforces privileged/,
      ]),
    ],
    [
      'ports on nodes',
      () => changed('ResourceQuota', 'quota', ({ spec }) => (spec.hard['services.nodeports'] = '1')),
      [['MTB-PL1-BC-HI-1', /services\.nodeports/]],
    ],
    ['unlimited memory', () => withoutQuota('limits.memory'), [['MTB-PL1-CC-FNS-1', /limits\.memory/]]],
    ['uncounted Secrets', () => withoutQuota('secrets'), [['MTB-PL1-CC-FNS-2', /limits secrets/]]],
    [
      'images that are pulled once',
      () => manifestsOf().filter(({ kind }) => kind !== 'ValidatingAdmissionPolicyBinding'),
      UNGUARDED,
    ],
    [
      'guard rails that are about other namespaces',
      () =>
        manifestsOf().map((one: any) =>
          one.kind === 'ValidatingAdmissionPolicyBinding'
            ? {
                ...one,
                spec: { ...one.spec, matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } },
              }
            : one,
        ),
      UNGUARDED,
    ],
    [
      'guard rails that fail open',
      () =>
        manifestsOf().map((one: any) =>
          one.kind === 'ValidatingAdmissionPolicy'
            ? { ...one, spec: { ...one.spec, failurePolicy: 'Ignore' } }
            : one,
        ),
      UNGUARDED,
    ],
  ])('finds %s', (_, manifests, expected) => {
    const found = failures(manifests());
    expect(found.map(([benchmark]) => benchmark).sort()).toEqual(
      expected.map(([benchmark]) => benchmark).sort(),
    );
    for (const [benchmark, problem] of expected) {
      expect(found.filter(([one]) => one === benchmark).map(([, text]) => text)).toContainEqual(
        expect.stringMatching(problem),
      );
    }
  });
});
