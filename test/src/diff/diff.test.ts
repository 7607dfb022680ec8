import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { diffCommand } from '../../../src/cli/diff';
import { diffClusters, type Change } from '../../../src/diff';
import type { Manifest } from '../../../src/manifest/manifest';
import { formatChangesText } from '../../../src/report/changes';
import { toYaml } from '../../../src/manifest/yaml';
import { changed, guardedCluster } from './cluster';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-diff-'));
const before = guardedCluster(path.join(folder, 'made'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const diff = (after: readonly Manifest[]): Change[] => diffClusters(before, after, { target: '1.33' });
const said = (after: readonly Manifest[]) => diff(after).map(({ effect, text }) => `${effect}: ${text}`);

/** Both ends have to open a port. */
const openPort = (manifests: readonly Manifest[]) => {
  const opened = { port: 5432, protocol: 'TCP' };
  const out = changed(manifests, 'NetworkPolicy', 'web', ({ spec }) => spec.egress[0].ports.push(opened));
  return changed(out, 'NetworkPolicy', 'db', ({ spec }) => spec.ingress[0].ports.push(opened));
};
const widenRole = (manifests: readonly Manifest[]) =>
  changed(manifests, 'ClusterRole', 'tenant-developer', ({ rules }) =>
    rules.push({ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] }),
  );
const removeGuard = (manifests: readonly Manifest[]) =>
  manifests.filter(
    ({ metadata }) => !['bulwark-services', 'bulwark-services-deny'].includes(metadata?.name ?? ''),
  );

const PORT =
  'widened: shop-main/web[Deployment] may now connect to shop-main/db[Deployment] on TCP 5432, before on TCP 8080 only';
const ROLE =
  'widened: 2 subjects may now create leases.coordination.k8s.io: Group analytics-dev in analytics-main and Group shop-dev in shop-main';
const GUARD = 'widened: ValidatingAdmissionPolicy bulwark-services was removed';

function write(name: string, manifests: readonly Manifest[]): string {
  const dist = path.join(folder, name);
  fs.mkdirSync(dist);
  fs.writeFileSync(path.join(dist, 'all.yaml'), toYaml(manifests));
  return dist;
}

describe('two dist folders that differ by one opened port, one widened role and one removed guard', () => {
  const [old, now] = [write('old', before), write('new', removeGuard(widenRole(openPort(before))))];
  const run = (from: string, to: string, format: string) =>
    diffCommand(
      from,
      to,
      { format, target: '1.33' },
      { version: '0', colour: false, terminal: false, now: new Date(0) },
    );

  it('are narrowed the other way round, and end with 0', () => {
    const { output, exitCode } = run(now, old, 'json');
    expect(JSON.parse(output)).toMatchObject({ counts: { widened: 0, narrowed: 3, neutral: 0 } });
    expect(exitCode).toBe(0);
  });

  it('end with 0 where nothing differs', () => {
    expect(run(old, old, 'text')).toMatchObject({ output: 'Nothing changes.', exitCode: 0 });
  });
});

it.each([
  ['an opened port', openPort, PORT],
  ['a widened role', widenRole, ROLE],
  ['a removed guard', removeGuard, GUARD],
])('names %s alone', (_, change, expected) => expect(said(change(before))).toEqual([expected]));

it('names each guard that is removed, and nothing else', () => {
  const policies = before.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').slice(0, 3);
  const quotas = before.filter(({ kind }) => kind === 'ResourceQuota' || kind === 'LimitRange').slice(0, 2);
  expect(policies.length + quotas.length).toBe(5);
  for (const guard of [...policies, ...quotas]) {
    const isGone = ({ kind, spec, ...rest }: Manifest) =>
      (kind === guard.kind && rest.metadata === guard.metadata) ||
      (spec as any)?.policyName === guard.metadata?.name;
    const place = guard.metadata?.namespace ? `${guard.metadata.namespace}/` : '';
    expect(said(before.filter((one) => !isGone(one)))).toEqual([
      `widened: ${guard.kind} ${place}${guard.metadata?.name} was removed`,
    ]);
  }
});

it.each<[string, string, string, (manifest: any) => void, string]>([
  [
    'a policy that admits what it cannot judge',
    'ValidatingAdmissionPolicy',
    'bulwark-services',
    ({ spec }) => (spec.failurePolicy = 'Ignore'),
    'widened: ValidatingAdmissionPolicy bulwark-services admits what it fails to judge (failurePolicy: Ignore)',
  ],
  [
    'a binding that only warns',
    'ValidatingAdmissionPolicyBinding',
    'bulwark-services-deny',
    ({ spec }) => (spec.validationActions = ['Warn']),
    'widened: ValidatingAdmissionPolicyBinding bulwark-services-deny does not deny any more',
  ],
  [
    'a lower level of Pod Security',
    'Namespace',
    'shop-main',
    ({ metadata }) => (metadata.labels['pod-security.kubernetes.io/enforce'] = 'baseline'),
    'widened: Pod Security enforces baseline in shop-main, before restricted',
  ],
  [
    'a workload that reaches the Internet',
    'NetworkPolicy',
    'web',
    ({ spec }) => spec.egress.push({ to: [{ ipBlock: { cidr: '203.0.113.7/32' } }], ports: [{ port: 443 }] }),
    'widened: shop-main/web[Deployment] may now connect to 203.0.113.7-203.0.113.7[External] on TCP 443',
  ],
])('names %s', (_, kind, name, change, expected) => {
  expect(said(changed(before, kind, name, change))).toContain(expected);
});

it('says that tenants are not isolated any more', () => {
  const open = { from: [{ namespaceSelector: {} }] };
  const opened = before.map((one) =>
    one.kind === 'NetworkPolicy' && one.metadata?.name === 'default-deny'
      ? { ...one, spec: { podSelector: {}, ingress: [open], egress: [{ to: open.from }] } }
      : one,
  );
  const texts = said(opened).join('\n');
  expect(texts).toContain('Isolation is lost: the tenant');
  expect(texts).toMatch(/shop reaches analytics|analytics reaches shop/);
});

it.each<[string, object[], string]>([
  ['closed', [], 'narrowed: %s may no longer connect to %s, which was open on TCP 8080'],
  [
    'narrower',
    [{ port: 8080 }],
    'narrowed: %s may no longer connect to %s on TCP 8081, but still on TCP 8080',
  ],
  [
    'another',
    [{ port: 9090 }],
    'widened: %s may now connect to %s on TCP 9090, and no longer on TCP 8080-8081',
  ],
])('names the ports of a connection that is %s', (_, ports, expected) => {
  const withPorts = (manifests: readonly Manifest[], list: object[]) => {
    const out = changed(manifests, 'NetworkPolicy', 'web', ({ spec }) => (spec.egress[0].ports = list));
    return changed(out, 'NetworkPolicy', 'db', ({ spec }) => (spec.ingress[0].ports = list));
  };
  const closed = (manifests: readonly Manifest[]) =>
    changed(manifests, 'NetworkPolicy', 'db', ({ spec }) => (spec.ingress = []));
  const old = ports.length > 0 ? withPorts(before, [{ port: 8080, endPort: 8081 }]) : before;
  const now = ports.length > 0 ? withPorts(before, ports) : closed(before);
  const texts = diffClusters(old, now, { target: '1.33' })
    .filter(({ area }) => area === 'network')
    .map(({ effect, text }) => `${effect}: ${text}`);
  const ends = ['shop-main/web[Deployment]', 'shop-main/db[Deployment]'];
  expect(texts).toEqual([ends.reduce((text, end) => text.replace('%s', end), expected)]);
});

describe('Secrets', () => {
  const secret = (data: Record<string, string>, more: object = {}): Manifest => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop-main' },
    data,
    ...more,
  });
  const sops = (...recipients: string[]) => ({
    sops: { age: recipients.map((recipient) => ({ recipient })) },
  });

  it('are named by their keys, never by a value', () => {
    const old = secret({ password: 'Y2FuYXJ5LW9sZA==', user: 'YQ==' });
    const now = secret({ password: 'Y2FuYXJ5LW5ldw==', token: 'Y2FuYXJ5LXRva2Vu' });
    const changes = diffClusters([old], [now]);
    expect(changes.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        "Secret shop-main/db has the new key 'token'",
        "Secret shop-main/db lost the key 'user'",
        "Secret shop-main/db has another value, or another encryption of it, for 'password'",
      ]),
    );
    expect(JSON.stringify(changes)).not.toContain('Y2FuYXJ5');
  });

  it('widen when somebody else can decrypt them', () => {
    const [old, now] = [
      secret({ a: 'ENC[x]' }, sops('age1one')),
      secret({ a: 'ENC[x]' }, sops('age1one', 'age1two')),
    ];
    expect(diffClusters([old], [now])).toContainEqual({
      area: 'secrets',
      effect: 'widened',
      text: 'Secret shop-main/db can be decrypted by age1two as well',
    });
  });
});

it('sends nothing of a name to the terminal but what is shown', () => {
  const hostile: Manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a\u001b[2J\nb\u202ec' },
  };
  expect(formatChangesText(diffClusters([], [hostile]))).toContain('ConfigMap a\ufffd[2J b\ufffdc was added');
});

it('tells of objects that belong nowhere else in one line each', () => {
  const after = changed(before, 'Deployment', 'web', ({ spec }) => {
    spec.replicas = 7;
    spec.template.spec.containers[0].image = 'registry.example/shop/web:2.0.0';
  });
  expect(said(after)).toEqual([
    'neutral: Deployment shop-main/web changed in spec.replicas and pod containers; new images: registry.example/shop/web:2.0.0',
  ]);
});
