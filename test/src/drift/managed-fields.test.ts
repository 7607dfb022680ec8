import { isOwnersOwn, lastWriter, writerOf } from '../../../src/drift/managed-fields';
import type { Manifest } from '../../../src/manifest/manifest';

const entry = (manager: string, time: string, fieldsV1: object, more: object = {}) => ({
  manager,
  operation: 'Update',
  apiVersion: 'apps/v1',
  time,
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});

const live: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'api',
    finalizers: ['example.com/keep'],
    managedFields: [
      entry('argocd', '2026-01-01T00:00:00Z', {
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': { 'f:containers': { 'k:{"name":"api"}': { '.': {}, 'f:image': {}, 'f:args': {} } } },
          },
        },
      }),
      entry('kubectl-edit', '2026-02-01T00:00:00Z', {
        'f:metadata': { 'f:finalizers': { 'v:"example.com/keep"': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"api"}': {
                  'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { 'f:name': {} } },
                },
              },
            },
          },
        },
      }),
      entry('kube-controller-manager', '2026-03-01T00:00:00Z', { 'f:status': {} }, { subresource: 'status' }),
    ],
  },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          { name: 'proxy' },
          {
            name: 'api',
            image: 'x',
            args: ['a'],
            ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }],
          },
        ],
      },
    },
  },
};

const container = ['spec', 'template', 'spec', 'containers', 1] as const;

describe('who wrote a field', () => {
  it.each([
    ['the last of those who own it', ['spec', 'replicas'], 'kubectl-edit'],
    ['a field of an item, by its key', [...container, 'image'], 'argocd'],
    ['a field of an item with two keys', [...container, 'ports', 0, 'name'], 'kubectl-edit'],
    ['what is below an owned field', [...container, 'args', 0], 'argocd'],
    ['an item by its value', ['metadata', 'finalizers', 0], 'kubectl-edit'],
  ] as const)('is %s', (_title, path, manager) => {
    expect(writerOf(live, path)?.manager).toBe(manager);
  });

  it.each([
    ['of another item', ['spec', 'template', 'spec', 'containers', 0, 'image']],
    ['that nobody owns', ['spec', 'paused']],
    ['that is not there', [...container, 'ports', 5, 'name']],
  ] as const)('is nobody for a field %s', (_title, path) => {
    expect(writerOf(live, path)).toBeUndefined();
  });

  it('is told with the operation and the time', () => {
    expect(writerOf(live, ['spec', 'replicas'])).toEqual({
      manager: 'kubectl-edit',
      operation: 'Update',
      time: '2026-02-01T00:00:00Z',
    });
  });

  it('is not whoever wrote a status', () => {
    expect(lastWriter(live)?.manager).toBe('kubectl-edit');
  });

  it.each([
    ['a controller', entry('controller', '', { 'f:spec': { 'f:extra': {} } }), true],
    ['kubectl', entry('kubectl-edit', '', { 'f:spec': { 'f:extra': {} } }), false],
    ['somebody who applies', entry('x', '', { 'f:spec': { 'f:extra': {} } }, { operation: 'Apply' }), false],
  ])('decides over a field of a custom resource that was written by %s', (_title, managed, expected) => {
    const custom = { ...live, metadata: { name: 'x', managedFields: [managed] }, spec: { extra: 1 } };
    expect(isOwnersOwn(custom, ['spec', 'extra'])).toBe(expected);
  });

  it('does not break on what a server would not write', () => {
    const broken = { ...live, metadata: { name: 'x', managedFields: ['x', null, { manager: 'a' }] as any } };
    expect(writerOf(broken, ['spec', 'replicas'])?.manager).toBe('a');
    expect(lastWriter({ ...live, metadata: { name: 'x' } })).toBeUndefined();
  });
});
