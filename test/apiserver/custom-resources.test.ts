import { join } from 'node:path';
import type { Manifest } from '../../src';
import {
  Alerts,
  Blueprint,
  ClusterSecretStore,
  ClusterTarget,
  ExternalSecret,
  HardenedDeployment,
  NodeProfiles,
  ProfileLoader,
  ReadyProfiles,
  SecretProvider,
  SecretProviderClass,
  SecretStore,
  StoreProvider,
  Tenant,
  VaultAuth,
  VaultConnection,
  VaultStaticSecret,
} from '../../constructs';
import { corpusFile, describeWithCustomResources } from './harness';

const CORPUS = [
  'apparmorprofiles',
  'seccompprofiles',
  'external-secrets.io_secretstores',
  'external-secrets.io_clustersecretstores',
  'external-secrets.io_externalsecrets',
].map((name) => corpusFile('crds', `${name}.yaml`));

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const map = { type: 'object', additionalProperties: text };
const object = (properties: object, required: string[] = []) => ({ type: 'object', properties, required });

/** A definition with the fields of a published one that is not among the corpora. */
function definition(
  group: string,
  version: string,
  [kind, plural]: [string, string],
  spec: object,
): Manifest {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: object({ spec }) } },
      ],
    },
  };
}

const duration = {
  type: 'string',
  pattern: '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$',
};
const rule = object(
  {
    alert: text,
    annotations: map,
    expr: { anyOf: [{ type: 'integer' }, text], 'x-kubernetes-int-or-string': true },
    for: duration,
    labels: map,
  },
  ['expr'],
);

const HASHICORP = 'secrets.hashicorp.com';
const OTHERS = [
  definition(
    'monitoring.coreos.com',
    'v1',
    ['PrometheusRule', 'prometheusrules'],
    object({
      groups: {
        type: 'array',
        items: object({ name: { ...text, minLength: 1 }, rules: { type: 'array', items: rule } }, ['name']),
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-list-type': 'map',
      },
    }),
  ),
  definition(
    'secrets-store.csi.x-k8s.io',
    'v1',
    ['SecretProviderClass', 'secretproviderclasses'],
    object({
      provider: text,
      parameters: map,
      secretObjects: {
        type: 'array',
        items: object({
          secretName: text,
          type: text,
          labels: map,
          annotations: map,
          data: { type: 'array', items: object({ key: text, objectName: text }) },
        }),
      },
    }),
  ),
  definition(
    HASHICORP,
    'v1beta1',
    ['VaultConnection', 'vaultconnections'],
    object(
      { address: text, skipTLSVerify: { type: 'boolean' }, caCertSecretRef: text, tlsServerName: text },
      ['address', 'skipTLSVerify'],
    ),
  ),
  definition(
    HASHICORP,
    'v1beta1',
    ['VaultAuth', 'vaultauths'],
    object({
      vaultConnectionRef: text,
      method: { type: 'string', enum: ['kubernetes', 'jwt', 'appRole', 'aws', 'gcp'] },
      mount: text,
      kubernetes: object({
        role: text,
        serviceAccount: text,
        audiences: texts,
        tokenExpirationSeconds: { type: 'integer', minimum: 600 },
      }),
    }),
  ),
  definition(
    HASHICORP,
    'v1beta1',
    ['VaultStaticSecret', 'vaultstaticsecrets'],
    object(
      {
        vaultAuthRef: text,
        mount: text,
        path: text,
        type: { type: 'string', enum: ['kv-v1', 'kv-v2'] },
        refreshAfter: { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))$' },
        hmacSecretData: { type: 'boolean' },
        destination: object(
          { name: text, create: { type: 'boolean' }, overwrite: { type: 'boolean' }, type: text },
          ['name'],
        ),
        rolloutRestartTargets: {
          type: 'array',
          items: object(
            { kind: { type: 'string', enum: ['Deployment', 'DaemonSet', 'StatefulSet'] }, name: text },
            ['kind', 'name'],
          ),
        },
      },
      ['destination', 'mount', 'path', 'type'],
    ),
  ),
];

/** Everything that Bulwark emits for the controllers of others, in one cluster. */
function everything(outdir: string): Blueprint {
  const target = ClusterTarget.kubernetes('1.30', {
    externalSecrets: true,
    secretsStoreCsi: true,
    vaultSecretsOperator: true,
    securityProfilesOperator: true,
    prometheusOperator: true,
  });
  const cluster = new Blueprint({ target, outdir });
  const web = new Tenant(cluster, 'shop').namespace('web');
  const profiles = new NodeProfiles(cluster, 'profiles', {
    loader: ProfileLoader.operator(),
    appArmor: [
      ReadyProfiles.nginx({ name: 'web', network: ['tcp', 'udp'], capabilities: ['NET_BIND_SERVICE'] }),
    ],
    seccomp: [
      {
        name: 'web',
        rules: [
          { action: 'allow', syscalls: ['socket', 'bind'] },
          {
            action: 'errno',
            errno: 38,
            syscalls: ['clone'],
            args: [{ index: 0, op: '==', value: 0, mask: 0x7e020000 }],
          },
        ],
      },
    ],
  });
  new NodeProfiles(cluster, 'loaded', {
    loader: ProfileLoader.daemonSet({ image: `registry.example/apparmor@sha256:${'0'.repeat(64)}` }),
    appArmor: [ReadyProfiles.goBinary({ name: 'api', binary: '/server' })],
    seccomp: [{ name: 'api', rules: [{ action: 'allow', syscalls: ['socket'] }] }],
  });
  new Alerts(cluster, 'alerts', {
    namespace: 'default',
    auditMetric: 'audit_events_total',
    drift: { by: 'metrics' },
  });
  const vault = { server: 'https://vault.example', path: 'secret', role: 'shop', ca: { configMap: 'ca' } };
  const providers = {
    vault: StoreProvider.vault(vault),
    aws: StoreProvider.awsSecretsManager({ region: 'eu-west-1' }),
    parameters: StoreProvider.awsParameterStore({
      region: 'eu-west-1',
      role: 'arn:aws:iam::111122223333:role/x',
    }),
    gcp: StoreProvider.gcpSecretManager({
      projectId: 'shop',
      clusterName: 'c',
      clusterLocation: 'europe-west1',
    }),
    azure: StoreProvider.azureKeyVault({ vaultUrl: 'https://shop.vault.azure.net', tenantId: 't' }),
    cluster: StoreProvider.kubernetes({ remoteNamespace: 'x', ca: { configMap: 'kube-root-ca.crt' } }),
  };
  for (const [id, provider] of Object.entries(providers)) {
    const store = new SecretStore(web, `store-${id}`, { provider, serviceAccount: 'secrets' });
    new ExternalSecret(web, `from-${id}`, {
      store,
      data: { password: { key: 'db', property: 'password', version: '1' } },
      extract: ['all'],
      type: 'Opaque',
      immutable: true,
    });
    new ClusterSecretStore(web, `shared-${id}`, {
      provider,
      serviceAccount: { name: 'secrets', namespace: 'shop-web' },
      namespaces: ['shop-web'],
    });
  }
  const files = { db: { key: 'db' } };
  new SecretProviderClass(web, 'csi', {
    provider: SecretProvider.vault({ address: 'https://vault.example', role: 'shop', files }),
    sync: { name: 'copy', keys: { db: 'db' } },
  });
  const connection = new VaultConnection(web, 'vault', {
    address: 'https://vault.example',
    caCertSecret: 'ca',
  });
  const auth = new VaultAuth(web, 'shop', { connection, role: 'shop', serviceAccount: 'secrets' });
  const secret = new VaultStaticSecret(web, 'db', {
    auth,
    mount: 'secret',
    path: 'db',
    restart: [{ kind: 'Deployment', name: 'api' }],
  });
  const api = new HardenedDeployment(web, 'api', { containers: [{ image: 'registry.example/api:1.0.0' }] });
  api.useSecret(secret);
  api.useProfile(profiles.appArmor('web'));
  api.useProfile(profiles.seccomp('web'));
  return cluster;
}

describeWithCustomResources(
  'resources for the controllers of others',
  { definitions: [...CORPUS, ...OTHERS], cluster: (folder) => everything(join(folder, 'dist')) },
  ({ apply }) => {
    it('are accepted by strict validation against the published definitions, with the pods that use them', () => {
      const lines = apply();
      const made = (kind: string) =>
        lines.filter((line) => line.startsWith(`${kind}.`) && line.endsWith(' created'));
      expect(lines.filter((line) => !line.endsWith(' created'))).toEqual([]);
      expect(made('externalsecret')).toHaveLength(6);
      expect(made('secretstore')).toHaveLength(6);
      expect(made('clustersecretstore')).toHaveLength(6);
      for (const kind of [
        'apparmorprofile',
        'seccompprofile',
        'secretproviderclass',
        'vaultstaticsecret',
        'prometheusrule',
      ]) {
        expect(made(kind)).toHaveLength(1);
      }
    });

    it('have nothing to change when they are applied again', () => {
      expect(apply().filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    });
  },
);
