import { kindRank, scopeOf } from '../../../src/manifest/kinds';

describe('kindRank', () => {
  it.each([
    ['Namespace', 'ServiceAccount'],
    ['CustomResourceDefinition', 'Certificate'],
    ['NetworkPolicy', 'ServiceAccount'],
    ['ResourceQuota', 'Pod'],
    ['Role', 'RoleBinding'],
    ['Secret', 'Deployment'],
    ['SealedSecret', 'Job'],
    ['ConfigMap', 'StatefulSet'],
    ['PersistentVolumeClaim', 'Pod'],
    ['Service', 'Ingress'],
    ['Deployment', 'HorizontalPodAutoscaler'],
    ['Deployment', 'ValidatingWebhookConfiguration'],
  ])('applies a %s before a %s', (first, second) => {
    expect(kindRank(first)).toBeLessThan(kindRank(second));
  });

  it('applies kinds that it does not know with the configuration of workloads', () => {
    expect(kindRank('ExternalSecret')).toBe(kindRank('Certificate'));
    expect(kindRank('ExternalSecret')).toBeGreaterThan(kindRank('ConfigMap'));
    expect(kindRank('ExternalSecret')).toBeLessThan(kindRank('Deployment'));
  });

  it.each(['constructor', '__proto__', 'toString', ''])(
    'takes %j for a kind that it does not know',
    (kind) => {
      expect(kindRank(kind)).toBe(kindRank('Certificate'));
    },
  );
});

describe('scopeOf', () => {
  const of = (apiVersion: string, kind: string, namespace?: string) =>
    scopeOf({ apiVersion, kind, metadata: { name: 'x', namespace } });

  it.each([
    ['v1', 'Namespace'],
    ['v1', 'PersistentVolume'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy'],
    ['storage.k8s.io/v1', 'StorageClass'],
    ['networking.k8s.io/v1', 'IngressClass'],
    ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'],
  ])('knows that %s %s belongs to the cluster, even with a namespace written on it', (apiVersion, kind) => {
    expect(of(apiVersion, kind)).toBe('cluster');
    expect(of(apiVersion, kind, 'shop')).toBe('cluster');
  });

  it.each([
    ['v1', 'ConfigMap'],
    ['apps/v1', 'Deployment'],
    ['networking.k8s.io/v1', 'NetworkPolicy'],
    ['rbac.authorization.k8s.io/v1', 'Role'],
    ['policy/v1', 'PodDisruptionBudget'],
  ])('knows that %s %s lives in a namespace, even without one written on it', (apiVersion, kind) => {
    expect(of(apiVersion, kind)).toBe('namespace');
  });

  it('believes a custom resource that names a namespace, and says so if it cannot know', () => {
    expect(of('example.com/v1', 'Shop', 'web')).toBe('namespace');
    expect(of('example.com/v1', 'Shop')).toBe('unknown');
    // The name of a kind alone says nothing: groups may share it.
    expect(of('example.com/v1', 'Namespace')).toBe('unknown');
  });

  it.each(['constructor/v1', '__proto__/v1', 'toString/v1', '/v1', ''])(
    'does not fail on apiVersion %j',
    (apiVersion) => {
      expect(['unknown', 'namespace']).toContain(of(apiVersion, 'constructor'));
    },
  );
});
