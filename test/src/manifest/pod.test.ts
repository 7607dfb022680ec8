import type { Manifest } from '../../../src/manifest/manifest';
import { containersOf, podTemplateOf, templatePath } from '../../../src/manifest/pod';
import { WORKLOAD_KINDS, workloadOf } from '../../support/pod-arbitrary';

describe('podTemplateOf', () => {
  it.each(WORKLOAD_KINDS)('finds the pod template of a %s, not a copy of it', (kind) => {
    const spec = { containers: [{ name: 'shop' }] };
    const manifest = workloadOf(kind, { metadata: { labels: { app: 'shop' } }, spec });
    expect(podTemplateOf(manifest)?.spec).toBe(spec);
    expect(podTemplateOf(manifest)?.metadata?.labels).toEqual({ app: 'shop' });
  });

  it.each<[string, object]>([
    ['a kind without pods', { apiVersion: 'v1', kind: 'ConfigMap', spec: {} }],
    [
      'a kind of another group with the same name',
      { apiVersion: 'serving.knative.dev/v1', kind: 'Deployment', spec: { template: { spec: {} } } },
    ],
    ['a workload without a spec', { apiVersion: 'apps/v1', kind: 'Deployment' }],
    ['a workload whose spec is null', { apiVersion: 'apps/v1', kind: 'Deployment', spec: null }],
    [
      'a workload whose template is a text',
      { apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: 'x' } },
    ],
    ['a pod whose spec is a list', { apiVersion: 'v1', kind: 'Pod', spec: [] }],
    ['a kind that every JavaScript object has', { apiVersion: 'v1', kind: 'constructor', spec: {} }],
    ['a kind that is the prototype', { apiVersion: 'v1', kind: '__proto__', spec: {} }],
  ])('finds none in %s', (_name, manifest) => {
    expect(podTemplateOf(manifest as Manifest)).toBeUndefined();
  });

  it('knows versions of the groups that are no longer served, whose manifests are still around', () => {
    expect(templatePath({ apiVersion: 'extensions/v1beta1', kind: 'Deployment' })).toEqual([
      'spec',
      'template',
    ]);
    expect(templatePath({ apiVersion: 'batch/v1beta1', kind: 'CronJob' })).toHaveLength(4);
  });
});

describe('containersOf', () => {
  it('lists init, ordinary and ephemeral containers with the path that a person would look for', () => {
    const spec = {
      containers: [{ name: 'a' }, { name: 'b' }],
      initContainers: [{ name: 'c' }],
      ephemeralContainers: [{ name: 'd' }],
    };
    expect(containersOf(spec).map(({ path, container }) => [path, container.name])).toEqual([
      ['initContainers[0]', 'c'],
      ['containers[0]', 'a'],
      ['containers[1]', 'b'],
      ['ephemeralContainers[0]', 'd'],
    ]);
  });

  it('passes over what is no container, and still counts it', () => {
    const spec = {
      containers: ['x', { name: 'b' }],
      initContainers: 'none',
      ephemeralContainers: null,
    } as any;
    expect(containersOf(spec).map(({ path }) => path)).toEqual(['containers[1]']);
  });
});
