import { WATCHED_KINDS } from '../../../src/drift/kinds';
import { rightsToCompare } from '../../../src/drift/rights';

const object = (apiVersion: string, kind: string, name = 'any') => ({ apiVersion, kind, name });
const resources = (declared: readonly ReturnType<typeof object>[], verb: string) =>
  rightsToCompare(declared).filter((right) => right.verb === verb);

describe('the rights that a comparison takes', () => {
  const watched = resources([], 'list').map(({ resource }) => resource);

  it('are to list what can weaken a cluster, whatever was declared', () => {
    expect(watched).toHaveLength(WATCHED_KINDS.length);
    expect(watched).toEqual(
      expect.arrayContaining([
        'pods',
        'networkpolicies.networking.k8s.io',
        'apiservices.apiregistration.k8s.io',
      ]),
    );
    expect(resources([], 'get')).toEqual([]);
  });

  it('are to list the kinds that were declared, once each', () => {
    const declared = [
      object('v1', 'Endpoints'),
      object('bitnami.com/v1alpha1', 'SealedSecret'),
      object('apps/v1', 'Deployment', 'one'),
      object('apps/v1', 'Deployment', 'two'),
    ];
    const more = resources(declared, 'list').map(({ resource }) => resource);
    expect(more.filter((resource) => !watched.includes(resource))).toEqual([
      'endpoints',
      'sealedsecrets.bitnami.com',
    ]);
    expect(new Set(more).size).toBe(more.length);
  });

  it('are to get the ConfigMaps that were declared, and no others', () => {
    const declared = [object('v1', 'ConfigMap', 'flags'), object('v1', 'ConfigMap', 'tenant-allowances')];
    expect(resources(declared, 'get')).toEqual([
      { verb: 'get', resource: 'configmaps', names: ['flags', 'tenant-allowances'] },
    ]);
    expect(resources(declared, 'list').map(({ resource }) => resource)).toEqual(watched);
  });

  it('are none to Secrets', () => {
    const rights = rightsToCompare([object('v1', 'Secret', 'login')]);
    expect(rights.filter(({ resource }) => resource.includes('secret'))).toEqual([]);
  });
});
