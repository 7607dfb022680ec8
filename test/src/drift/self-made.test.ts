import { Guardrails, Tenant } from '../../../constructs';
import { findDrift } from '../../../src/drift/drift';
import { proveLive } from '../../../src/drift/proof';
import { withSelfMade } from '../../../src/drift/self-made';
import type { Manifest } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';
import { blueprint } from '../../constructs/support';

const TARGET = ClusterTarget.kubernetes('1.33', { capsule: true });
const { cluster: all } = blueprint('1.33', { capsule: true });
new Guardrails(all, 'guardrails');
new Tenant(all, 'team', {
  groups: { deployers: ['ci'] },
  selfService: { namespaces: { owners: ['leads'], atMost: 2 } },
});
new Tenant(all, 'bank').namespace('web');
const DECLARED = all.synth().manifests;

const LABELS = (DECLARED.find(({ kind }) => kind === 'Tenant') as any).spec.namespaceOptions
  .additionalMetadataList[0].labels;
/** As Capsule leaves it. */
function namespaceOf(name: string, labels: object = {}): Manifest {
  const metadata = { name, labels: { ...LABELS, 'capsule.clastix.io/tenant': 'team', ...labels } };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}

const MADE = namespaceOf('team-mine');
const LIVE = withSelfMade(DECLARED, [MADE]).map((one) =>
  one.kind === 'Namespace' && one.metadata!.name === 'team-mine' ? MADE : one,
);

const shown = (live: readonly Manifest[]) =>
  findDrift({ declared: withSelfMade(DECLARED, live), live }).map(
    ({ kind, object }) => `${kind} ${object.kind} ${object.namespace ?? ''}/${object.name}`,
  );

const inMine = (apiVersion: string, kind: string, rest: object = {}): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace: 'team-mine' },
  ...rest,
});
const edit = (kind: string, change: (one: any) => void) =>
  LIVE.map((one) => {
    if (one.kind !== kind || one.metadata!.namespace !== 'team-mine') return one;
    const changed = structuredClone(one);
    change(changed);
    return changed;
  });

describe('a namespace that people of a tenant made', () => {
  it('is as it was declared where Capsule put into it what it was told', () => {
    expect(LIVE).toHaveLength(DECLARED.length + 8);
    expect(shown(LIVE)).toEqual([]);
    expect(proveLive(withSelfMade(DECLARED, LIVE), LIVE, TARGET)).toEqual({
      holds: true,
      counterExamples: [],
    });
  });

  it('runs what its people like', () => {
    const template = {
      metadata: { labels: { app: 'x' } },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    };
    const deployment = inMine('apps/v1', 'Deployment', { spec: { template } });
    expect(shown([...LIVE, deployment, inMine('v1', 'ServiceAccount')])).toEqual([]);
  });

  it.each<[string, readonly Manifest[], string[]]>([
    [
      'a wall that is gone',
      LIVE.filter(({ metadata }) => metadata!.name !== 'default-deny' || metadata!.namespace !== 'team-mine'),
      ['missing NetworkPolicy team-mine/default-deny'],
    ],
    [
      'more of a quota',
      edit('ResourceQuota', ({ metadata, spec }) => metadata.name === 'quota' && (spec.hard.pods = '999')),
      ['changed ResourceQuota team-mine/quota'],
    ],
    [
      'rights of somebody else',
      [
        ...LIVE,
        inMine('rbac.authorization.k8s.io/v1', 'RoleBinding', {
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
          subjects: [{ kind: 'Group', name: 'others' }],
        }),
      ],
      ['undeclared RoleBinding team-mine/x'],
    ],
    [
      'another NetworkPolicy',
      [
        ...LIVE,
        inMine('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{}] } }),
      ],
      ['undeclared NetworkPolicy team-mine/x'],
    ],
    [
      'weaker Pod Security',
      LIVE.map((one) =>
        one === MADE ? namespaceOf('team-mine', { 'pod-security.kubernetes.io/enforce': 'baseline' }) : one,
      ),
      ['changed Namespace /team-mine'],
    ],
    [
      'a name that is none of the tenant',
      [...LIVE, namespaceOf('elsewhere')],
      ['undeclared Namespace /elsewhere'],
    ],
    [
      'a tenant that lets nobody make any',
      [...LIVE, namespaceOf('bank-mine', { 'cdk8s-bulwark/tenant': 'bank' })],
      ['undeclared Namespace /bank-mine'],
    ],
  ])('is told of %s', (_, live, findings) => {
    expect(shown(live)).toEqual(findings);
  });
});
