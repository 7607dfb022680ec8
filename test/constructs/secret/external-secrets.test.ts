import { Chart, Duration } from 'cdk8s';
import { Volume } from 'cdk8s-plus-27';
import { load } from 'js-yaml';
import {
  ClusterSecretStore,
  ExternalSecret,
  HardenedDeployment,
  SecretProvider,
  SecretProviderClass,
  SecretStore,
  StoreProvider,
  VaultAuth,
  VaultConnection,
  VaultStaticSecret,
  type TenantNamespace,
} from '../../../constructs';
import { blueprint, CAPABILITIES, objectOf, specOf } from '../support';

const TARGET = { ...CAPABILITIES, externalSecrets: true, secretsStoreCsi: true, vaultSecretsOperator: true };
const VAULT = { server: 'https://vault.example:8200', path: 'secret', role: 'shop' };
const make = (capabilities: object = TARGET) => blueprint('1.33', capabilities);
const store = (web: TenantNamespace, provider = StoreProvider.vault(VAULT)) =>
  new SecretStore(web, 'vault', { provider, serviceAccount: 'vault' });
const api = (web: TenantNamespace) =>
  new HardenedDeployment(web, 'api', { containers: [{ name: 'api', image: 'registry.example/api:1.0.0' }] });

describe('SecretStore', () => {
  it.each([
    [
      'Vault',
      StoreProvider.vault({ ...VAULT, ca: { configMap: 'ca' } }),
      {
        vault: {
          server: 'https://vault.example:8200',
          path: 'secret',
          version: 'v2',
          caProvider: { type: 'ConfigMap', name: 'ca', key: 'ca.crt' },
          auth: {
            kubernetes: { mountPath: 'kubernetes', role: 'shop', serviceAccountRef: { name: 'vault' } },
          },
        },
      },
    ],
    [
      'AWS Secrets Manager',
      StoreProvider.awsSecretsManager({ region: 'eu-west-1' }),
      {
        aws: {
          service: 'SecretsManager',
          region: 'eu-west-1',
          auth: { jwt: { serviceAccountRef: { name: 'vault' } } },
        },
      },
    ],
    [
      'AWS Parameter Store',
      StoreProvider.awsParameterStore({ region: 'eu-west-1', role: 'arn:aws:iam::111122223333:role/x' }),
      {
        aws: {
          service: 'ParameterStore',
          region: 'eu-west-1',
          role: 'arn:aws:iam::111122223333:role/x',
          auth: { jwt: { serviceAccountRef: { name: 'vault' } } },
        },
      },
    ],
    [
      'Google Secret Manager',
      StoreProvider.gcpSecretManager({
        projectId: 'shop',
        clusterName: 'c',
        clusterLocation: 'europe-west1',
      }),
      {
        gcpsm: {
          projectID: 'shop',
          auth: {
            workloadIdentity: {
              clusterName: 'c',
              clusterLocation: 'europe-west1',
              serviceAccountRef: { name: 'vault' },
            },
          },
        },
      },
    ],
    [
      'Azure Key Vault',
      StoreProvider.azureKeyVault({ vaultUrl: 'https://shop.vault.azure.net' }),
      {
        azurekv: {
          vaultUrl: 'https://shop.vault.azure.net',
          authType: 'WorkloadIdentity',
          serviceAccountRef: { name: 'vault' },
        },
      },
    ],
    [
      'Kubernetes',
      StoreProvider.kubernetes({ remoteNamespace: 'vault', ca: { configMap: 'kube-root-ca.crt' } }),
      {
        kubernetes: {
          remoteNamespace: 'vault',
          server: {
            url: 'https://kubernetes.default',
            caProvider: { type: 'ConfigMap', name: 'kube-root-ca.crt', key: 'ca.crt' },
          },
          auth: { serviceAccount: { name: 'vault' } },
        },
      },
    ],
  ] as const)('asks %s with a token of a ServiceAccount', (_, provider, expected) => {
    const { cluster, web } = make();
    store(web, provider);
    const made = objectOf(cluster, 'SecretStore', 'vault');
    expect(made.apiVersion).toBe('external-secrets.io/v1');
    expect(specOf(made).provider).toEqual(expected);
  });

  it.each(['http://vault.example', 'vault.example:8200', 'https://user:word@vault.example', ''])(
    'refuses the server %j, to which secrets would go in the clear',
    (server) => {
      const { web } = make();
      expect(() => store(web, StoreProvider.vault({ ...VAULT, server }))).toThrow(/Use https:\/\/HOST/);
    },
  );

  it('is refused outside a namespace, and for a target without the operator', () => {
    const { cluster } = make();
    const chart = new Chart(cluster, 'nowhere');
    expect(
      () =>
        new SecretStore(chart, 'vault', { provider: StoreProvider.vault(VAULT), serviceAccount: 'vault' }),
    ).toThrow(/is in no namespace/);
    const without = make(CAPABILITIES);
    store(without.web);
    expect(() => without.cluster.synth()).toThrow(/needs External Secrets Operator.*externalSecrets: true/);
  });
});

describe('ClusterSecretStore', () => {
  const clusterStore = (web: TenantNamespace, namespaces: string[]) =>
    new ClusterSecretStore(web, 'shared', {
      provider: StoreProvider.vault({ ...VAULT, ca: { configMap: 'ca' } }),
      serviceAccount: { name: 'vault', namespace: 'platform-vault' },
      namespaces,
    });

  it('is for the namespaces it names, and says where its ServiceAccount and certificates are', () => {
    const { cluster, web } = make();
    const shared = clusterStore(web, ['shop-web']);
    new ExternalSecret(web, 'db', { store: shared, data: { password: { key: 'db' } } });
    const made = objectOf(cluster, 'ClusterSecretStore', 'shared');
    expect(made.metadata).toEqual({ name: 'shared' });
    expect(specOf(made).conditions).toEqual([{ namespaces: ['shop-web'] }]);
    const { vault } = specOf(made).provider;
    expect(vault.auth.kubernetes.serviceAccountRef).toEqual({ name: 'vault', namespace: 'platform-vault' });
    expect(vault.caProvider.namespace).toBe('platform-vault');
  });

  it('is refused for every namespace, and for one it does not name', () => {
    const { web } = make();
    expect(() => clusterStore(web, [])).toThrow(
      /names no namespaces, and the operator takes that for all of them/,
    );
    const other = clusterStore(make().web, ['shop-data']);
    expect(() => new ExternalSecret(web, 'db', { store: other, extract: ['db'] })).toThrow(
      /can be used from shop-data and not from 'shop-web'/,
    );
  });
});

describe('ExternalSecret', () => {
  it('says where values are and is mounted as read-only files of mode 0400', () => {
    const { cluster, web } = make();
    const secret = new ExternalSecret(web, 'db', {
      store: store(web),
      data: { password: { key: 'shop/db', property: 'password' } },
      extract: ['shop/tls'],
      refreshInterval: Duration.minutes(15),
      type: 'kubernetes.io/tls',
    });
    api(web).useSecret(secret);
    expect(specOf(objectOf(cluster, 'ExternalSecret', 'db'))).toEqual({
      secretStoreRef: { name: 'vault', kind: 'SecretStore' },
      refreshInterval: '900s',
      target: { name: 'db', creationPolicy: 'Owner', template: { type: 'kubernetes.io/tls' } },
      data: [{ secretKey: 'password', remoteRef: { key: 'shop/db', property: 'password' } }],
      dataFrom: [{ extract: { key: 'shop/tls' } }],
    });
    const { spec } = specOf(objectOf(cluster, 'Deployment', 'api')).template;
    expect(spec.volumes).toEqual([{ name: 'secret-db', secret: { secretName: 'db', defaultMode: 0o400 } }]);
    expect(spec.containers[0].volumeMounts).toEqual([
      { name: 'secret-db', mountPath: '/etc/secrets/db', readOnly: true },
    ]);
  });

  it('is an ISecret: code that knows only cdk8s-plus mounts it', () => {
    const { cluster, web } = make();
    const secret = new ExternalSecret(web, 'db', { store: store(web), extract: ['db'] });
    const deployment = api(web);
    deployment.containers[0]!.mount('/etc/db', Volume.fromSecret(web, 'v', secret, { defaultMode: 0o400 }), {
      readOnly: true,
    });
    expect(specOf(objectOf(cluster, 'Deployment', 'api')).template.spec.volumes[0].secret.secretName).toBe(
      'db',
    );
  });

  it('reaches the environment with a waiver only', () => {
    const { cluster, web } = make();
    const secret = new ExternalSecret(web, 'db', { store: store(web), extract: ['db'] });
    api(web).containers[0]!.env.addVariable('PASSWORD', secret.envValue('password'));
    expect(() => cluster.synth()).toThrow(
      /breaks secret-as-file.*Waivers\.of\(scope\)\.waive\('secret-as-file'/,
    );
  });

  it('is refused empty, and for a key that no Secret can have', () => {
    const { web } = make();
    const from = store(web);
    expect(() => new ExternalSecret(web, 'a', { store: from })).toThrow(/takes nothing from the store/);
    expect(() => new ExternalSecret(web, 'b', { store: from, data: { 'a b': { key: 'x' } } })).toThrow(
      /'a b' is no key/,
    );
  });
});

describe('SecretProviderClass', () => {
  const vault = SecretProvider.vault({
    address: 'https://vault.example',
    role: 'shop',
    files: { password: { key: 'secret/data/db' } },
  });

  it('is mounted by the CSI driver, read-only, without a Secret', () => {
    const { cluster, web } = make();
    const secret = new SecretProviderClass(web, 'db', { provider: vault });
    api(web).useSecret(secret);
    const made = objectOf(cluster, 'SecretProviderClass', 'db');
    expect(made.apiVersion).toBe('secrets-store.csi.x-k8s.io/v1');
    const { provider, parameters } = specOf(made);
    expect({ provider, ...parameters, objects: load(parameters.objects) }).toEqual({
      provider: 'vault',
      vaultAddress: 'https://vault.example',
      roleName: 'shop',
      objects: [{ objectName: 'password', secretPath: 'secret/data/db', secretKey: 'password' }],
    });
    const { spec } = specOf(objectOf(cluster, 'Deployment', 'api')).template;
    expect(spec.volumes).toEqual([
      {
        name: 'secrets-store-db',
        csi: {
          driver: 'secrets-store.csi.k8s.io',
          readOnly: true,
          volumeAttributes: { secretProviderClass: 'db' },
        },
      },
    ]);
    expect(spec.containers[0].volumeMounts[0]).toEqual({
      name: 'secrets-store-db',
      mountPath: '/etc/secrets/db',
      readOnly: true,
    });
  });

  it('has a Secret only where it was asked for one', () => {
    const { cluster, web } = make();
    const plain = new SecretProviderClass(web, 'plain', { provider: vault });
    expect(() => plain.name).toThrow(/there is no Secret of it.*useSecret/);
    const sync = { name: 'db-copy', keys: { pw: 'password' } };
    const synced = new SecretProviderClass(web, 'synced', { provider: vault, sync });
    expect(synced.name).toBe('db-copy');
    expect(specOf(objectOf(cluster, 'SecretProviderClass', 'synced')).secretObjects).toEqual([
      { secretName: 'db-copy', type: 'Opaque', data: [{ key: 'pw', objectName: 'password' }] },
    ]);
    expect(
      () =>
        new SecretProviderClass(web, 'x', { provider: vault, sync: { name: 'y', keys: { pw: 'other' } } }),
    ).toThrow(/made of the file 'other', and there are only password/);
  });

  it.each([
    [
      'aws',
      SecretProvider.aws({ region: 'eu-west-1', files: { db: { key: 'shop/db', property: 'password' } } }),
      'objects',
      [
        {
          objectName: 'shop/db',
          objectType: 'secretsmanager',
          jmesPath: [{ path: 'password', objectAlias: 'db' }],
        },
      ],
    ],
    [
      'gcp',
      SecretProvider.gcp({ files: { db: { key: 'projects/p/secrets/s/versions/1' } } }),
      'secrets',
      [{ resourceName: 'projects/p/secrets/s/versions/1', path: 'db' }],
    ],
  ] as const)('says to %s what to get in YAML', (name, provider, parameter, expected) => {
    const { cluster, web } = make();
    new SecretProviderClass(web, 'db', { provider });
    const spec = specOf(objectOf(cluster, 'SecretProviderClass', 'db'));
    expect(spec.provider).toBe(name);
    expect(load(spec.parameters[parameter])).toEqual(expected);
  });

  it('says to Azure what to get in YAML within YAML', () => {
    const { cluster, web } = make();
    const provider = SecretProvider.azure({
      keyVault: 'shop',
      tenantId: 't',
      clientId: 'c',
      files: { db: { key: 'db-password' } },
    });
    new SecretProviderClass(web, 'db', { provider });
    const { parameters } = specOf(objectOf(cluster, 'SecretProviderClass', 'db'));
    const { array } = load(parameters.objects) as { array: string[] };
    expect(array.map((one) => load(one))).toEqual([
      { objectName: 'db-password', objectType: 'secret', objectAlias: 'db' },
    ]);
  });

  it('needs the driver, and TLS', () => {
    const { cluster, web } = make(CAPABILITIES);
    new SecretProviderClass(web, 'db', { provider: vault });
    expect(() => cluster.synth()).toThrow(/needs the Secrets Store CSI driver.*secretsStoreCsi: true/);
    const plain = SecretProvider.vault({ address: 'http://vault', role: 'r', files: { a: { key: 'b' } } });
    expect(() => new SecretProviderClass(web, 'x', { provider: plain })).toThrow(/Use https/);
  });
});

describe('Vault Secrets Operator', () => {
  it('asks Vault with a token of ten minutes that is for Vault only', () => {
    const { cluster, web } = make();
    const connection = new VaultConnection(web, 'vault', {
      address: 'https://vault.example:8200',
      caCertSecret: 'vault-ca',
    });
    const auth = new VaultAuth(web, 'shop', { connection, role: 'shop', serviceAccount: 'vault' });
    const secret = new VaultStaticSecret(web, 'db', {
      auth,
      mount: 'secret',
      path: 'shop/db',
      restart: [{ kind: 'Deployment', name: 'api' }],
    });
    api(web).useSecret(secret);
    expect(specOf(objectOf(cluster, 'VaultConnection', 'vault'))).toEqual({
      address: 'https://vault.example:8200',
      skipTLSVerify: false,
      caCertSecretRef: 'vault-ca',
    });
    expect(specOf(objectOf(cluster, 'VaultAuth', 'shop'))).toEqual({
      vaultConnectionRef: 'vault',
      method: 'kubernetes',
      mount: 'kubernetes',
      kubernetes: {
        role: 'shop',
        serviceAccount: 'vault',
        audiences: ['vault'],
        tokenExpirationSeconds: 600,
      },
    });
    expect(specOf(objectOf(cluster, 'VaultStaticSecret', 'db'))).toEqual({
      vaultAuthRef: 'shop',
      mount: 'secret',
      path: 'shop/db',
      type: 'kv-v2',
      refreshAfter: '3600s',
      hmacSecretData: true,
      destination: { name: 'db', create: true },
      rolloutRestartTargets: [{ kind: 'Deployment', name: 'api' }],
    });
    expect(specOf(objectOf(cluster, 'Deployment', 'api')).template.spec.volumes[0].secret).toEqual({
      secretName: 'db',
      defaultMode: 0o400,
    });
  });

  it('needs the operator, and TLS', () => {
    const { cluster, web } = make(CAPABILITIES);
    new VaultConnection(web, 'vault', { address: 'https://vault.example:8200' });
    expect(() => cluster.synth()).toThrow(/needs Vault Secrets Operator.*vaultSecretsOperator: true/);
    expect(() => new VaultConnection(web, 'x', { address: 'http://vault' })).toThrow(/Use https/);
  });
});
