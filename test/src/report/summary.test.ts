import type { Manifest } from '../../../src/manifest/manifest';
import { hardenManifest } from '../../../src/hardening/harden';
import { formatSummary, summarize } from '../../../src/report/summary';
import { ClusterTarget } from '../../../src/target/target';

const target = ClusterTarget.kubernetes('1.33');

const object = (kind: string, name: string, metadata: object = {}, fields: object = {}) =>
  ({ apiVersion: 'v1', kind, metadata: { name, ...metadata }, ...fields }) as Manifest;
const plain = (name: string, fields: object = {}, metadata: object = {}) =>
  object('Pod', name, metadata, {
    spec: { containers: [{ name: 'app', image: 'registry.example/shop:1.0.0' }], ...fields },
  });
const hardened = (name: string) => hardenManifest(plain(name), { target }).manifest;
const tenant = (name: string) => ({ labels: { 'cdk8s-bulwark/tenant': name } });

describe('summarize', () => {
  it('counts objects by kind, the most frequent first and equals by name', () => {
    const manifests = [
      object('Service', 'a'),
      object('ConfigMap', 'a'),
      object('Secret', 'a'),
      object('ConfigMap', 'b'),
    ];
    expect([...summarize(manifests, target).kinds]).toEqual([
      ['ConfigMap', 2],
      ['Secret', 1],
      ['Service', 1],
    ]);
  });

  it('names the definitions that the cluster must have before, but for those that come along', () => {
    const custom = (apiVersion: string, kind: string) => ({ ...object(kind, 'x'), apiVersion });
    const manifests = [
      custom('bitnami.com/v1alpha1', 'SealedSecret'),
      custom('bitnami.com/v1alpha1', 'SealedSecret'),
      custom('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'),
      custom('secrets-store.csi.x-k8s.io/v1', 'SecretProviderClass'),
      custom('example.com/v1', 'Widget'),
      custom('networking.k8s.io/v1', 'NetworkPolicy'),
      object('ConfigMap', 'x'),
      object('CustomResourceDefinition', 'widgets.example.com'),
    ];
    const summary = summarize(manifests, target);
    expect([...summary.needs]).toEqual([
      ['clusternetworkpolicies.policy.networking.k8s.io', 1],
      ['sealedsecrets.bitnami.com', 2],
      ['secretproviderclasses.secrets-store.csi.x-k8s.io', 1],
    ]);
    expect(formatSummary(summary)).toContain('\n          CRD sealedsecrets.bitnami.com for 2 objects\n');
    expect(formatSummary(summarize([object('ConfigMap', 'x')], target))).not.toContain('needs');
  });

  it('lists the namespaces of each tenant', () => {
    const manifests = [
      object('Namespace', 'shop-web', tenant('shop')),
      object('Namespace', 'kube-system'),
      object('Namespace', 'shop-db', tenant('shop')),
      object('ConfigMap', 'shop-no', tenant('shop')),
    ];
    expect([...summarize(manifests, target).tenants]).toEqual([['shop', ['shop-web', 'shop-db']]]);
  });

  it('tells of namespaces that people may make, also of a tenant without any', () => {
    const capsule = (name: string, quota: number) => ({
      ...object('Tenant', name, tenant(name)),
      apiVersion: 'capsule.clastix.io/v1beta2',
      spec: { namespaceOptions: { quota } },
    });
    const manifests = [
      object('Namespace', 'shop-web', tenant('shop')),
      capsule('shop', 5),
      capsule('bank', 1),
      { ...object('Tenant', 'elsewhere'), apiVersion: 'example.com/v1' },
    ];
    expect(formatSummary(summarize(manifests, target))).toContain(
      'tenants   2: shop (shop-web, up to 5 that its people make), bank (up to 1 that\n            its people make)\n',
    );
  });

  it('counts for each control the workloads that it holds for, without changing any', () => {
    const manifests = [hardened('a'), plain('b'), plain('c', { hostPID: true }), object('ConfigMap', 'd')];
    const before = JSON.stringify(manifests);
    const { workloads, controls } = summarize(manifests, target);
    expect(workloads).toBe(3);
    expect(controls.get('no-privileged-container')).toBe(3);
    expect(controls.get('no-host-pid')).toBe(2);
    expect(controls.get('run-as-non-root')).toBe(1);
    expect(JSON.stringify(manifests)).toBe(before);
  });

  it('has the controls of the target only', () => {
    const of = (version: string) => summarize([], ClusterTarget.kubernetes(version)).controls;
    expect(of('1.32').has('user-namespace')).toBe(false);
    expect(of('1.33').has('user-namespace')).toBe(true);
  });

  it('takes a field with nothing behind it for one that is unset, as the API server does', () => {
    const { controls } = summarize(
      [plain('a', { hostNetwork: null, securityContext: null, volumes: null })],
      target,
    );
    for (const id of ['no-host-network', 'restricted-volume-types', 'run-as-user-not-zero']) {
      expect(controls.get(id)).toBe(1);
    }
  });

  it('lists the waivers that are recorded on objects', () => {
    const annotations = {
      'cdk8s-bulwark/waive.no-host-pid': 'the agent reads processes; expires 2027-01-31',
    };
    const manifest = plain('agent', { hostPID: true }, { annotations });
    expect(summarize([manifest], target).waivers).toEqual([
      {
        control: 'no-host-pid',
        reason: 'the agent reads processes',
        expires: '2027-01-31',
        object: manifest,
      },
    ]);
  });
});

describe('formatSummary', () => {
  it('is what the command prints', () => {
    const annotations = {
      'cdk8s-bulwark/waive.no-host-pid': 'the agent reads processes; expires 2027-01-31',
    };
    const manifests = [
      object('Namespace', 'shop-web', tenant('shop')),
      hardened('web'),
      { ...hardened('agent'), metadata: { name: 'agent', namespace: 'shop-web', annotations } },
    ];
    const { controls } = summarize(manifests, target);
    expect(formatSummary(summarize(manifests, target)).split('\n')).toEqual([
      'objects   3: 2 Pod, 1 Namespace',
      'tenants   1: shop (shop-web)',
      'network   1 workload reaches metadata addresses, such as shop-web/agent[Pod]',
      '            169.254.169.254',
      'isolation no chain of rights leads out of the only tenant',
      `controls  ${controls.size} of ${controls.size} hold for all 2 workloads`,
      'waivers   1',
      '          no-host-pid on Pod shop-web/agent: the agent reads processes',
      '            (expires 2027-01-31)',
    ]);
  });

  it('says once what waivers of several objects say', () => {
    const annotations = { 'cdk8s-bulwark/waive.no-host-pid': 'the agent reads processes' };
    const manifests = ['a', 'b'].map((name) => plain(name, { hostPID: true }, { annotations }));
    expect(formatSummary(summarize(manifests, target))).toMatch(
      /\nwaivers {3}2\n {10}no-host-pid on Pod \S*a, \S*b: the agent reads processes$/,
    );
  });

  it('counts admission policies by what they do, and those that nothing binds', () => {
    const api = { apiVersion: 'admissionregistration.k8s.io/v1' };
    const policies = ['a', 'b', 'c'].map((name) => ({
      ...api,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
    }));
    const bindings = [
      ['a', 'Deny'],
      ['b', 'Warn'],
    ].map(([policyName, action]) => ({
      ...api,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: policyName },
      spec: { policyName, validationActions: [action] },
    }));
    expect(formatSummary(summarize([...policies, ...bindings], target))).toContain(
      '\nguards    3 admission policies for what is applied by hand: 1 deny, 1 warn, 1\n' +
        '            without a binding\n',
    );
  });

  it('names each control that does not hold for every workload, and for how many it does', () => {
    const text = formatSummary(summarize([hardened('a'), plain('b')], target));
    expect(text).toContain('\n          run-as-non-root holds for 1 of 2\n');
    expect(text).not.toContain('no-host-pid');
  });

  it('says of nothing that it is nothing', () => {
    const { controls } = summarize([], target);
    expect(formatSummary(summarize([], target)).split('\n')).toEqual([
      'objects   0:',
      'tenants   0',
      `controls  ${controls.size} of ${controls.size} hold for all 0 workloads`,
      'waivers   0',
    ]);
  });

  it('fits into 80 columns', () => {
    const names = Array.from({ length: 40 }, (_, index) => `namespace-${index}`);
    const manifests = names.map((name) => object('Namespace', name, tenant('shop')));
    const lines = formatSummary(summarize(manifests, target)).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(names.join(', '));
  });
});
