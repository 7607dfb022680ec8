import { Blueprint, ClusterTarget, ControlPlane, type ControlPlaneProps } from '../../../constructs';
import { outputFiles } from '../../../constructs/blueprint/output-file';
import { load, loadAll } from 'js-yaml';

const ISSUER = { url: 'https://login.example.com', audiences: ['kubernetes'] };
const VERSIONS = ['1.27', '1.29', '1.30', '1.31', '1.32', '1.34', '1.36', '1.37'];

function filesOf(version: string, props: ControlPlaneProps = {}): Map<string, string> {
  const blueprint = new Blueprint({ target: ClusterTarget.kubernetes(version) });
  new ControlPlane(blueprint, 'cp', props);
  return outputFiles(blueprint.node.findAll());
}

const read = (files: Map<string, string>, name: string) => load(files.get(`control-plane/${name}`)!) as any;

describe('the files of a control plane', () => {
  it.each(VERSIONS)('are the same for the same input, for every platform, at %s', (version) => {
    const props: ControlPlaneProps = {
      platforms: ['kubeadm', 'kind', 'k3s', 'rke2', 'talos'],
      authentication: { issuers: [ISSUER] },
    };
    const files = filesOf(version, props);
    expect([...files]).toEqual([...filesOf(version, props)]);
    for (const name of ['kubeadm', 'kind', 'k3s', 'rke2', 'talos']) {
      expect(files.get(`control-plane/${name}/APPLY.md`)).toContain(`Kubernetes ${version} on ${name}`);
    }
  });

  it('hold no key: each key is a place that the node fills', () => {
    for (const [name, text] of filesOf('1.37', { rotateTo: { type: 'secretbox', keyName: 'key2' } })) {
      const secrets = [...text.matchAll(/secret: (.*)/g)].map(([, secret]) => secret);
      for (const secret of secrets)
        expect([name, secret]).toEqual([name, expect.stringMatching(/^'@key[12]@'$/)]);
    }
  });

  it.each([
    ['1.30', 'v1beta1', undefined],
    ['1.31', 'v1beta1', undefined],
    ['1.32', 'v1beta1', ['/livez', '/readyz', '/healthz']],
    ['1.34', 'v1', ['/livez', '/readyz', '/healthz']],
  ])('authenticate by a file of the version that %s reads', (version, api, paths) => {
    const files = filesOf(version, { authentication: { issuers: [ISSUER] } });
    const file = read(files, 'kubeadm/files/authentication.yaml');
    expect(file.apiVersion).toBe(`apiserver.config.k8s.io/${api}`);
    expect(file.anonymous?.conditions.map(({ path }: any) => path)).toEqual(paths);
  });

  it('authenticate by flags before 1.30', () => {
    const files = filesOf('1.29', { authentication: { issuers: [ISSUER] } });
    expect(files.has('control-plane/kubeadm/files/authentication.yaml')).toBe(false);
    const [cluster] = loadAll(files.get('control-plane/kubeadm/kubeadm.yaml')!) as any[];
    expect(cluster.apiServer.extraArgs).toMatchObject({
      'oidc-issuer-url': ISSUER.url,
      'oidc-client-id': 'kubernetes',
      'oidc-groups-prefix': 'oidc:',
      'authorization-mode': 'Node,RBAC',
    });
  });

  it.each([
    ['1.30', 'kubeadm', 'kubeadm.k8s.io/v1beta3', false],
    ['1.31', 'kubeadm', 'kubeadm.k8s.io/v1beta4', true],
    ['1.35', 'kind', 'kubeadm.k8s.io/v1beta3', false],
    ['1.36', 'kind', 'kubeadm.k8s.io/v1beta4', true],
  ] as const)(
    'of %s on %s give kubeadm its arguments in the form of %s',
    (version, platform, api, isList) => {
      const files = filesOf(version, { platforms: [platform] });
      const text =
        platform === 'kind'
          ? read(files, 'kind/kind.yaml').kubeadmConfigPatches[0]
          : files.get('control-plane/kubeadm/kubeadm.yaml')!;
      const [cluster] = loadAll(text) as any[];
      expect(cluster.apiVersion).toBe(api);
      expect(Array.isArray(cluster.apiServer.extraArgs)).toBe(isList);
    },
  );

  it('mount what the API server has to reach beside its files', () => {
    const files = filesOf('1.33', {
      encryption: { provider: { type: 'kms', name: 'vault', socket: '/run/kms/vault.sock' } },
      authorization: { webhooks: [{ name: 'opa', kubeConfigFile: '/etc/opa/webhook.conf' }] },
    });
    const [cluster] = loadAll(files.get('control-plane/kubeadm/kubeadm.yaml')!) as any[];
    const mounted = cluster.apiServer.extraVolumes.map(({ hostPath }: any) => hostPath);
    expect(mounted).toEqual(['/etc/kubernetes/bulwark', '/var/log/kubernetes/audit', '/etc/opa', '/run/kms']);
    expect(read(files, 'kubeadm/files/encryption.yaml').resources[0].providers[0].kms).toEqual({
      apiVersion: 'v2',
      name: 'vault',
      endpoint: 'unix:///run/kms/vault.sock',
      timeout: '3s',
    });
    expect(files.has('control-plane/kubeadm/files/encryption.yaml.template')).toBe(false);
    const { webhook } = read(files, 'kubeadm/files/authorization.yaml').authorizers[0];
    expect(webhook.failurePolicy).toBe('Deny');
  });

  it('say why something is exempt from Pod Security, and until when', () => {
    const exemptions = [{ namespace: 'storage', reason: 'the driver mounts disks', expires: '2999-12-31' }];
    const guide = filesOf('1.33', { admission: { exemptions } }).get('control-plane/kubeadm/APPLY.md');
    expect(guide).toContain('| namespace storage | the driver mounts disks | 2999-12-31 |');
    expect(filesOf('1.33').get('control-plane/kubeadm/APPLY.md')).toContain('| namespace kube-system |');
  });

  it('put the encrypting provider of secrets first, where kube-bench looks', () => {
    const [first] = read(filesOf('1.33'), 'kubeadm/files/encryption.yaml.template').resources;
    expect(first.resources).toEqual(['secrets', 'configmaps']);
    expect(Object.keys(first.providers[0])).toEqual(['secretbox']);
  });
});

type Refusal = [what: string, props: ControlPlaneProps, says: RegExp, version?: string];

const REFUSED: Refusal[] = [
  ['no platform', { platforms: [] }, /platforms is empty.*Use one of: kubeadm/],
  ['an unknown plugin', { admission: { plugins: ['PodSecurtiy'] } }, /no plugin 'PodSecurtiy'/],
  ['AlwaysAdmit', { admission: { plugins: ['AlwaysAdmit'] } }, /admits everything.*Leave it out/],
  [
    'an exemption without a reason',
    { admission: { exemptions: [{ namespace: 'a', reason: 'because' }] } },
    /write 10 characters or more/,
  ],
  [
    'an exemption of nothing',
    { admission: { exemptions: [{ reason: 'a reason that is long enough' }] } },
    /Name exactly one/,
  ],
  [
    'an expired exemption',
    {
      admission: {
        exemptions: [{ namespace: 'a', reason: 'until the move is over', expires: '2020-01-01' }],
      },
    },
    /expired on 2020-01-01/,
  ],
  [
    'a limit of no events',
    { admission: { eventRateLimits: [{ type: 'Server', qps: 0, burst: 1 }] } },
    /whole numbers above 0/,
  ],
  [
    'a relative kubeconfig',
    { admission: { imagePolicy: { kubeConfigFile: 'images.conf' } } },
    /absolute path on the node/,
  ],
  [
    'static policies before 1.37',
    { staticPolicies: [{ apiVersion: 'v1', kind: 'X' }] },
    /need Kubernetes 1.37 \(KEP-5793\)/,
  ],
  [
    'a static object that is no policy',
    { staticPolicies: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }] },
    /ConfigMap a is no ValidatingAdmissionPolicy/,
    '1.37',
  ],
  [
    'a static policy with parameters',
    {
      staticPolicies: [
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicy',
          metadata: { name: 'a' },
          spec: { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
        },
      ],
    },
    /Use one without paramKind and paramRef/,
    '1.37',
  ],
  [
    'an issuer without https',
    { authentication: { issuers: [{ ...ISSUER, url: 'http://login.example.com' }] } },
    /no https URL.*write 'https:/,
  ],
  [
    'an issuer without an audience',
    { authentication: { issuers: [{ ...ISSUER, audiences: [] }] } },
    /has no audience.*Add audiences/,
  ],
  [
    'names without a prefix',
    { authentication: { issuers: [{ ...ISSUER, groups: { claim: 'groups', prefix: '' } }] } },
    /groups of .* has no prefix/,
  ],
  ['one issuer twice', { authentication: { issuers: [ISSUER, ISSUER] } }, /is there twice/],
  [
    'two issuers before 1.30',
    { authentication: { issuers: [ISSUER, { ...ISSUER, url: 'https://other.example.com' }] } },
    /flags, which know one issuer/,
    '1.29',
  ],
  [
    'a path with a wildcard for everybody',
    { authentication: { anonymousPaths: ['/livez*'] } },
    /compares whole paths/,
  ],
  [
    'a webhook before 1.30',
    { authorization: { webhooks: [{ name: 'opa', kubeConfigFile: '/etc/opa.conf' }] } },
    /fails closed \(KEP-3221\)/,
    '1.29',
  ],
  [
    'a webhook that waits for a minute',
    { authorization: { webhooks: [{ name: 'opa', kubeConfigFile: '/etc/opa.conf', timeoutSeconds: 60 }] } },
    /at most 30/,
  ],
  [
    'plaintext first',
    { encryption: { provider: { type: 'identity' } as never } },
    /'identity' comes first.*plaintext/,
  ],
  [
    'a key whose name is another one',
    { encryption: { provider: { type: 'secretbox' }, readable: [{ type: 'secretbox' }] } },
    /'secretbox key1' is there twice/,
  ],
  [
    'a kms plugin over the network',
    { encryption: { provider: { type: 'kms', name: 'vault', socket: 'tcp://10.0.0.1' } } },
    /Name its absolute path/,
  ],
  [
    'a kms plugin with a colon in its name',
    { encryption: { provider: { type: 'kms', name: 'a:b', socket: '/run/a' } } },
    /name without a colon/,
  ],
  [
    'the wildcard *',
    { encryption: { provider: { type: 'secretbox' }, resources: ['*'] } },
    /write '\*\.\*' for all/,
  ],
  [
    'a resource beside a wildcard over it',
    { encryption: { provider: { type: 'secretbox' }, resources: ['*.*', 'pods'] } },
    /refuses the overlap/,
  ],
  [
    'a rotation to the same key',
    { rotateTo: { type: 'secretbox', keyName: 'key1' } },
    /'secretbox key1' is there twice/,
  ],
  [
    'an audit policy that logs secrets',
    { audit: { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'RequestResponse' }] } },
    /logs the bodies of secrets/,
  ],
  ['an audit rule that can never decide', { audit: { first: [{ level: 'None' }] } }, /never decides/],
];

describe('a control plane is refused that has', () => {
  it.each<Refusal>(REFUSED)('%s', (_what, props, says, version = '1.33') => {
    expect(() => filesOf(version, props)).toThrow(says);
    expect(() => filesOf(version, props)).toThrow(/^cp: /);
  });
});

/** Fields of the machine configuration, as the schema that Talos 1.10 publishes has them. */
const TALOS_FIELDS = {
  cluster: ['apiServer', 'controllerManager', 'etcd', 'scheduler'],
  apiServer: [
    ...['image', 'extraArgs', 'extraVolumes', 'env', 'certSANs', 'disablePodSecurityPolicy'],
    ...['admissionControl', 'auditPolicy', 'resources', 'authorizationConfig'],
  ],
  plugin: ['name', 'configuration'],
  machine: ['kubelet', 'files'],
  kubelet: [
    ...['image', 'clusterDNS', 'extraArgs', 'extraMounts', 'extraConfig', 'credentialProviderConfig'],
    ...['defaultRuntimeSeccompProfileEnabled', 'registerWithFQDN', 'nodeIP', 'skipNodeRegistration'],
    'disableManifestsDirectory',
  ],
  file: ['content', 'permissions', 'path', 'op'],
};

describe('the files for Talos', () => {
  const patch = () =>
    read(
      filesOf('1.33', {
        platforms: ['talos'],
        authentication: { issuers: [ISSUER] },
        authorization: { webhooks: [{ name: 'opa', kubeConfigFile: '/var/opa/webhook.conf' }] },
      }),
      'talos/controlplane-patch',
    );

  it('have no field that its schema does not know', () => {
    const { cluster, machine, ...others } = patch();
    const parts: [keyof typeof TALOS_FIELDS, object[]][] = [
      ['cluster', [cluster]],
      ['apiServer', [cluster.apiServer]],
      ['plugin', cluster.apiServer.admissionControl],
      ['machine', [machine]],
      ['kubelet', [machine.kubelet]],
      ['file', machine.files],
    ];
    for (const [part, objects] of parts) {
      for (const object of objects)
        expect(TALOS_FIELDS[part]).toEqual(expect.arrayContaining(Object.keys(object)));
    }
    expect(others).toEqual({});
  });

  it('say nothing that Talos says itself and refuses from others', () => {
    const { cluster, machine } = patch();
    expect(cluster.apiServer.authorizationConfig.map(({ type }: any) => type)).toEqual(['Webhook']);
    expect(Object.keys(cluster.apiServer.extraArgs)).not.toContain('authorization-config');
    for (const field of [
      'authentication',
      'authorization',
      'readOnlyPort',
      'rotateCertificates',
      'tlsMinVersion',
    ]) {
      expect(Object.keys(machine.kubelet.extraConfig)).not.toContain(field);
    }
    expect(machine.kubelet.extraConfig.podPidsLimit).toBe(4096);
    expect(machine.kubelet.defaultRuntimeSeccompProfileEnabled).toBe(true);
  });
});
