import { auditManifests, ClusterTarget, proveTenancy, type Manifest } from '../../../src';

const target = ClusterTarget.kubernetes('1.37');

describe('a list that is audited again', () => {
  const labels = { app: 'shop' };
  const pod: Manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shop', namespace: 'shop', labels },
    spec: { containers: [{ name: 'shop', image: 'shop' }] },
  };
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny', namespace: 'shop' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
  const tenant = (name: string): Manifest => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'cdk8s-bulwark/tenant': name } },
  });
  const controlsOf = (manifests: readonly Manifest[]) =>
    auditManifests(manifests).map(({ control }) => control.id);

  it('is read as it is now, although it is frozen: what is in it is not', () => {
    const opened = structuredClone(policy);
    const manifests = Object.freeze([opened, pod]);
    const before = controlsOf(manifests);
    Object.assign(opened.spec, { podSelector: { matchLabels: { app: 'other' } } });
    const after = controlsOf(manifests);
    expect(after).toEqual(controlsOf([...manifests]));
    expect(after.filter((id) => !before.includes(id))).not.toEqual([]);
  });

  it('is proved as it is now', () => {
    const opened = structuredClone(policy);
    const other = { ...pod, metadata: { name: 'other', namespace: 'other' } };
    const manifests = Object.freeze([tenant('shop'), tenant('other'), opened, pod, other]);
    const holes = () => proveTenancy(manifests, { target }).network.holes.length;
    const closed = holes();
    Object.assign(opened.spec, { policyTypes: [], ingress: [{}], egress: [{}] });
    expect(holes()).toBeGreaterThan(closed);
  });
});
