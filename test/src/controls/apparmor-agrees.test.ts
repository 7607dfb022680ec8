import { checkManifests } from '../../../src/controls/check';
import { findControl } from '../../../src/controls/catalogue';
import { ClusterTarget } from '../../../src/target/target';

const KEY = 'container.apparmor.security.beta.kubernetes.io/';
const local = (localhostProfile: string) => ({ type: 'Localhost', localhostProfile });

function agrees(
  version: string,
  annotations: Record<string, string>,
  field?: object,
  podField?: object,
): boolean {
  const container = {
    name: 'api',
    image: 'a',
    ...(field && { securityContext: { appArmorProfile: field } }),
  };
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', annotations },
    spec: {
      ...(podField && { securityContext: { appArmorProfile: podField } }),
      initContainers: [{ name: 'init' }],
      containers: [container],
    },
  };
  const controls = [findControl('apparmor-agrees')!];
  return checkManifests([manifest], { target: ClusterTarget.kubernetes(version), controls }).length === 0;
}

// What ValidatePodCreate of the API server says about the same pods.
it.each([
  ['no annotation', {}, local('x'), undefined, true],
  ['the same profile', { api: 'localhost/x' }, local('x'), undefined, true],
  ['another profile', { api: 'localhost/y' }, local('x'), undefined, false],
  ['another type', { api: 'runtime/default' }, local('x'), undefined, false],
  ['the default in both', { api: 'runtime/default' }, { type: 'RuntimeDefault' }, undefined, true],
  [
    'unconfined in both, which is a matter of its own',
    { api: 'unconfined' },
    { type: 'Unconfined' },
    undefined,
    true,
  ],
  ['the field of the pod', { api: 'localhost/x' }, undefined, local('x'), true],
  ['the field of the pod, which says something else', { api: 'localhost/y' }, undefined, local('x'), false],
  ['the field of the container before that of the pod', { api: 'localhost/x' }, local('x'), local('y'), true],
  ['an annotation alone', { api: 'localhost/x' }, undefined, undefined, true],
  ['an init container', { init: 'runtime/default' }, undefined, undefined, true],
  ['no such container', { apj: 'runtime/default' }, undefined, undefined, false],
] as const)('%s', (_, annotations, field, podField, expected) => {
  const keyed = Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [KEY + name, value as string]),
  );
  expect(agrees('1.33', keyed, field, podField)).toBe(expected);
});

it('asks before Kubernetes 1.30 only for the container, since the field is not known there', () => {
  expect(agrees('1.29', { [`${KEY}api`]: 'localhost/y' }, local('x'))).toBe(true);
  expect(agrees('1.29', { [`${KEY}apj`]: 'localhost/y' })).toBe(false);
});
