import { load } from 'js-yaml';
import {
  CloudIdentity,
  HardenedDeployment,
  LockedRole,
  LockedServiceAccount,
  OidcProvider,
} from '../../../constructs';
import { blueprint, objectOf, specOf } from '../support';

const UUID = '8d6f0c3e-2a53-4d5c-9f63-2d1f8a1f0b7e';

/** The account that is made with an identity, and the labels of the pods that run as it. */
function runAs(cloudIdentity: CloudIdentity) {
  const { cluster, web } = blueprint();
  const serviceAccount = new LockedServiceAccount(web, 'api', { cloudIdentity });
  new HardenedDeployment(web, 'server', {
    serviceAccount,
    containers: [{ image: 'registry.example/app:1.0.0' }],
  });
  return {
    account: objectOf(cluster, 'ServiceAccount', 'api', 'shop-web').metadata?.annotations,
    pods: specOf(objectOf(cluster, 'Deployment', 'server', 'shop-web')).template.metadata.labels,
  };
}

describe('a ServiceAccount', () => {
  it('mounts nothing by itself and names what images are pulled with', () => {
    const { cluster, web } = blueprint();
    new LockedServiceAccount(web, 'api', { imagePullSecrets: ['registry'] });
    expect(objectOf(cluster, 'ServiceAccount', 'api', 'shop-web')).toMatchObject({
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'registry' }],
    });
  });

  it('holds no token that never expires', () => {
    expect(() => new LockedServiceAccount(blueprint().web, 'api').addSecret()).toThrow(/never expires/);
  });

  it('is a role of AWS', () => {
    const { account, pods } = runAs(
      CloudIdentity.eks({ roleArn: 'arn:aws:iam::111122223333:role/shop/api' }),
    );
    expect(account).toEqual({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/shop/api',
      'eks.amazonaws.com/sts-regional-endpoints': 'true',
      'eks.amazonaws.com/token-expiration': '3600',
    });
    expect(pods).toEqual({ 'app.kubernetes.io/name': 'server' });
  });

  it('is a service account of Google', () => {
    const serviceAccount = 'shop-api@my-project.iam.gserviceaccount.com';
    expect(runAs(CloudIdentity.gke({ serviceAccount })).account).toEqual({
      'iam.gke.io/gcp-service-account': serviceAccount,
    });
  });

  it('is a managed identity of Azure, whose webhook looks at labelled pods only', () => {
    const { account, pods } = runAs(CloudIdentity.aks({ clientId: UUID }));
    expect(account).toEqual({
      'azure.workload.identity/client-id': UUID,
      'azure.workload.identity/service-account-token-expiration': '3600',
    });
    expect(pods).toMatchObject({ 'azure.workload.identity/use': 'true' });
  });

  it.each([
    [() => CloudIdentity.eks({ roleArn: 'arn:aws:iam::111122223333:user/ann' }), /ARN of an IAM role/],
    [() => CloudIdentity.eks({ roleArn: 'arn:aws:iam::1:role/x' }), /ARN of an IAM role/],
    [
      () => CloudIdentity.eks({ roleArn: 'arn:aws:iam::111122223333:role/x', expirationSeconds: 60 }),
      /600 to 86400/,
    ],
    [() => CloudIdentity.gke({ serviceAccount: 'ann@example.com' }), /address of a service account/],
    [() => CloudIdentity.aks({ clientId: 'shop-api' }), /clientId.*a UUID/],
    [() => CloudIdentity.aks({ clientId: UUID, tenantId: 'contoso' }), /tenantId.*a UUID/],
    [() => CloudIdentity.aks({ clientId: UUID, expirationSeconds: 600 }), /3600 to 86400/],
  ])('refuses what a cloud would refuse at run time: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('people', () => {
  const sso = new OidcProvider({ issuer: 'https://login.example.com', clientId: 'kubernetes' });

  it('are groups of their login provider, set apart from those of Kubernetes', () => {
    const { cluster, web } = blueprint();
    new LockedRole(web, 'reader').allow(['get'], ['pods']).bindTo(sso.group('shop'), sso.user('ann'));
    expect(objectOf(cluster, 'RoleBinding', 'reader', 'shop-web').subjects).toMatchObject([
      { kind: 'Group', name: 'oidc:shop' },
      { kind: 'User', name: 'oidc:ann' },
    ]);
    expect(sso.apiServerFlags()).toContain('--oidc-groups-prefix=oidc:');
  });

  it('get a kubeconfig without a secret or a certificate of theirs', () => {
    const text = sso.kubeconfig({
      cluster: 'prod',
      server: 'https://192.0.2.10:6443',
      namespace: 'shop-web',
    });
    expect(text).not.toMatch(/client-certificate|client-key|token:|password/);
    expect(load(text)).toMatchObject({
      clusters: [{ name: 'prod', cluster: { server: 'https://192.0.2.10:6443' } }],
      contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'oidc', namespace: 'shop-web' } }],
      'current-context': 'prod',
      users: [
        {
          name: 'oidc',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: 'kubectl',
              args: [
                'oidc-login',
                'get-token',
                '--oidc-issuer-url=https://login.example.com',
                '--oidc-client-id=kubernetes',
              ],
            },
          },
        },
      ],
    });
  });

  it.each([
    [() => new OidcProvider({ issuer: 'http://login.example.com', clientId: 'x' }), /https:\/\//],
    [() => new OidcProvider({ issuer: 'https://x.example', clientId: '' }), /clientId is ''/],
    [() => new OidcProvider({ issuer: 'https://x.example', clientId: 'x', prefix: '' }), /system:masters/],
    [
      () => new OidcProvider({ issuer: 'https://x.example', clientId: 'x', prefix: 'system:' }),
      /system:masters/,
    ],
    [() => sso.kubeconfig({ cluster: 'prod', server: 'http://192.0.2.10' }), /https:\/\//],
  ])('are not let in over anything weaker: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
