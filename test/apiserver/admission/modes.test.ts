import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardrailManifests } from '../../../src/admission/guardrails';
import { hardenManifest } from '../../../src/hardening/harden';
import type { Manifest } from '../../../src/manifest/manifest';
import { PLAIN_POD } from '../../../src/report/control-example';
import { allowancesConfigMap } from '../../../src/tenancy/allowances';
import { ClusterTarget } from '../../../src/target/target';
import { create, describeWithApiServer, serverMinor } from '../harness';
import { createAll, until } from './active';

const MINOR = serverMinor() ?? 37;
const TARGET = ClusterTarget.kubernetes(`1.${MINOR}`);
const ADMINS = { as: 'dana', groups: ['shop-dev', 'everything'] };
const BRIGADE = { as: 'frieda', groups: ['fire-brigade', 'everything'] };

let folder = '';

/** Flags of an API server that writes what it does with pods into a file at once. */
function auditFlags(): string[] {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-audit-'));
  const policy = join(folder, 'policy.yaml');
  const rules = [{ level: 'Metadata', resources: [{ group: '', resources: ['pods'] }] }, { level: 'None' }];
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  return [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${join(folder, 'audit.log')}`,
    '--audit-log-mode=blocking',
  ];
}

function namespace(name: string, labels: object = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'cdk8s-bulwark/tenant': 'shop', ...labels } },
  };
}

/** A definition that takes objects of any form. */
function definition(group: string, version: string, kind: string): Manifest {
  const plural = kind.toLowerCase().replace(/y$/, 'ie') + 's';
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, test-only' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, listKind: `${kind}List`, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

const CUSTOM = [
  ['gateway.networking.k8s.io', 'v1', 'HTTPRoute'],
  ['gateway.networking.k8s.io', 'v1alpha2', 'TCPRoute'],
  ['cilium.io', 'v2', 'CiliumNetworkPolicy'],
  ['crd.projectcalico.org', 'v1', 'NetworkPolicy'],
] as const;

const of = (apiVersion: string, kind: string, spec: object): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'mine', namespace: 'shop-deny' },
  spec,
});
const httpRoute = (spec: object) => of('gateway.networking.k8s.io/v1', 'HTTPRoute', spec);
const tcpRoute = (spec: object) => of('gateway.networking.k8s.io/v1alpha2', 'TCPRoute', spec);

const ATTACKS: readonly (readonly [what: string, manifest: Manifest, guard: string])[] = [
  ['route the host of another tenant', httpRoute({ hostnames: ['bank.example.com'] }), 'allowed-route-host'],
  ['route a look-alike host', httpRoute({ hostnames: ['evil-shop.example.com'] }), 'allowed-route-host'],
  [
    'route one host too many',
    httpRoute({ hostnames: ['shop.example.com', 'bank.example.com'] }),
    'allowed-route-host',
  ],
  ['route every host', httpRoute({}), 'allowed-route-host'],
  ['route every host by an empty list', httpRoute({ hostnames: [] }), 'allowed-route-host'],
  ['route a port, which has no host', tcpRoute({ rules: [] }), 'allowed-route-host'],
  [
    'open the namespace by the policy of Cilium',
    of('cilium.io/v2', 'CiliumNetworkPolicy', { endpointSelector: {}, ingress: [{ fromEntities: ['all'] }] }),
    'written-by-the-cluster',
  ],
  [
    'open the namespace by the policy of Calico',
    of('crd.projectcalico.org/v1', 'NetworkPolicy', { ingress: [{ action: 'Allow' }] }),
    'written-by-the-cluster',
  ],
];

const LEGITIMATE: readonly (readonly [what: string, manifest: Manifest])[] = [
  ['route their host', httpRoute({ hostnames: ['shop.example.com'] })],
  ['route a host below theirs', httpRoute({ hostnames: ['de.shop.example.com', 'shop.example.com'] })],
];

function podIn(name: string, image = 'registry.example/api:1.4.2'): Manifest {
  const pod = hardenManifest(PLAIN_POD, { target: TARGET }).manifest as any;
  const containers = pod.spec.containers.map((one: object) => ({ ...one, image }));
  return { ...pod, metadata: { name: 'mine', namespace: name }, spec: { ...pod.spec, containers } };
}

const EVIL = 'evil.example/api:1.4.2';

describeWithApiServer(
  'guard rails that are rolled out by labels',
  (server) => {
    const apply = (pod: Manifest, who = ADMINS) =>
      server().kubectl(['create', '--dry-run=server', '-f', '-'], {
        ...who,
        input: JSON.stringify(pod),
        allowFailure: true,
      });
    const send = (manifest: Manifest, who = ADMINS) => {
      const [group, version] = manifest.apiVersion.split('/');
      const root = version === undefined ? `/api/${group}` : `/apis/${group}/${version}`;
      const plural = manifest.kind.toLowerCase().replace(/y$/, 'ie') + 's';
      const path = `${root}/namespaces/${manifest.metadata!.namespace}/${plural}?dryRun=All`;
      return server().request('POST', path, manifest, who);
    };

    beforeAll(async () => {
      await createAll(server(), [
        namespace('shop-deny'),
        namespace('shop-warn', { 'cdk8s-bulwark/guardrails': 'warn' }),
        namespace('shop-audit', { 'cdk8s-bulwark/guardrails': 'audit' }),
        namespace('shop-unsaid'),
        namespace('shop-unsaid-warn', { 'cdk8s-bulwark/guardrails': 'warn' }),
        namespace('shop-unsaid-audit', { 'cdk8s-bulwark/guardrails': 'audit' }),
        ...['shop-deny', 'shop-warn', 'shop-audit'].map((name) =>
          allowancesConfigMap(name, {
            registries: ['registry.example/'],
            ingressHosts: ['shop.example.com', '*.shop.example.com'],
          }),
        ),
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'everything' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'everything' }],
        },
        ...CUSTOM.map(([group, version, kind]) => definition(group, version, kind)),
        ...guardrailManifests({ target: TARGET, rollOut: true, breakGlassGroups: ['fire-brigade'] }),
      ]);
      await until(async () => {
        const refused = await Promise.all(ATTACKS.map(([, manifest]) => send(manifest)));
        const [denied, warned, unsaid] = await Promise.all(
          ['shop-deny', 'shop-warn', 'shop-unsaid'].map((name) => send(podIn(name, EVIL))),
        );
        return [
          ...ATTACKS.filter(([, , guard], index) => !`${refused[index]!.body.message}`.includes(guard)).map(
            ([what]) => what,
          ),
          ...(denied!.status === 403 ? [] : ['deny']),
          ...(warned!.warnings.length > 0 ? [] : ['warn']),
          ...(/no params found/.test(unsaid!.body.message) ? [] : ['gate']),
        ];
      });
      // The binding that audits has no answer to wait for but its own.
      await until(async () => {
        await send(podIn('shop-audit', EVIL));
        return audited().length > 0 ? [] : ['audit'];
      });
    }, 180_000);

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each(ATTACKS)('nobody can %s', async (_, manifest, guard) => {
      const { status, body } = await send(manifest);
      expect([status, body.message]).toEqual([403, expect.stringContaining(guard)]);
    });

    it.each(LEGITIMATE)('one can still %s', async (_, manifest) => {
      expect((await send(manifest)).status).toBe(201);
    });

    it('refuse by default, and tell kubectl which control, where and what to do', () => {
      const { code, stderr } = apply(podIn('shop-deny', EVIL));
      expect(code).toBe(1);
      expect(stderr).toMatch(/bulwark-pods-deny.*allowed-registries: .*spec\.containers\[\]\.image: /s);
    });

    it('warn where the label says so, in words that kubectl shows, and admit', () => {
      const { code, stdout, stderr } = apply(podIn('shop-warn', EVIL));
      expect([code, stdout]).toEqual([0, expect.stringContaining('pod/mine created')]);
      expect(stderr).toMatch(/^Warning: .*bulwark-pods.*allowed-registries: /m);
      expect(apply(podIn('shop-warn')).stderr).toBe('');
    });

    it('write into the audit log where the label says so, and say nothing', () => {
      const before = audited().length;
      const { code, stderr } = apply(podIn('shop-audit', EVIL));
      expect([code, stderr]).toEqual([0, '']);
      const [last] = audited().slice(before);
      expect(last).toContain('allowed-registries');
      expect(last).toContain('bulwark-pods-audit');
    });

    it('refuse nothing without allowances where they warn or audit', async () => {
      for (const name of ['shop-unsaid-warn', 'shop-unsaid-audit']) {
        const { status, body } = await send(podIn(name));
        expect([name, status, body.message]).toEqual([name, 201, undefined]);
      }
    });

    it('hold who breaks the glass to allowances, which they may make', async () => {
      const made = await create(server(), allowancesConfigMap('shop-unsaid', {}), { dryRun: true });
      const refused = await send(podIn('shop-unsaid'), BRIGADE);
      const allowed = await send(allowancesConfigMap('shop-unsaid', {}), BRIGADE);
      expect([made.status, refused.status, allowed.status]).toEqual([201, 422, 201]);
    });

    it('hold nobody who breaks the glass, and the administrator still', async () => {
      const guarded = [podIn('shop-deny', EVIL), ...ATTACKS.map(([, manifest]) => manifest)];
      const answers = await Promise.all(guarded.map((manifest) => send(manifest, BRIGADE)));
      expect(answers.map(({ status }) => status)).toEqual(guarded.map(() => 201));
      expect((await create(server(), podIn('shop-deny', EVIL), { dryRun: true })).status).toBe(403);
    });
  },
  () => Promise.resolve({ args: auditFlags() }),
);

/** What the policies wrote into the audit log. */
function audited(): string[] {
  const key = 'validation.policy.admission.k8s.io/validation_failure';
  return readFileSync(join(folder, 'audit.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => JSON.parse(line).annotations?.[key] ?? []);
}
