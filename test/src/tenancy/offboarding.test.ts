import { ServiceType } from 'cdk8s-plus-27';
import { HardenedDeployment, LockedClusterRole, Tenant } from '../../../constructs';
import { describeObject } from '../../../src/manifest/manifest';
import { deleteCommands, offboard } from '../../../src/tenancy/offboarding';
import { blueprint } from '../../constructs/support';

function cluster() {
  const { cluster: all } = blueprint();
  const team = new Tenant(all, 'team', { groups: { deployers: ['ci'] } });
  const web = team.namespace('web');
  const api = new HardenedDeployment(web, 'api', {
    containers: [{ image: 'registry.example/app:1.0.0', port: 8080 }],
  });
  api.exposeViaService({
    name: 'api',
    serviceType: ServiceType.CLUSTER_IP,
    ports: [{ port: 80, targetPort: 8080 }],
  });
  new LockedClusterRole(web, 'reader').allow(['get'], ['nodes']).bindTo(api);
  new Tenant(team, 'payments').namespace('jobs');
  return all.synth().manifests;
}

describe('a tenant that leaves', () => {
  const { freeze, deletions } = offboard(cluster(), 'team');

  it('is frozen first: nothing new is made, and nobody of it changes anything', () => {
    expect(freeze.map(describeObject)).toEqual([
      'Namespace team-payments-jobs',
      'Namespace team-web',
      ...['team-payments-jobs', 'team-web'].flatMap((namespace) => [
        `ResourceQuota ${namespace}/priority`,
        `ResourceQuota ${namespace}/quota`,
        `RoleBinding ${namespace}/tenant-deployer`,
      ]),
    ]);
    for (const manifest of freeze) {
      if (manifest.kind === 'Namespace') {
        expect(manifest.metadata?.labels).toMatchObject({ 'cdk8s-bulwark/frozen': 'true' });
      }
      if (manifest.kind === 'RoleBinding') expect(manifest.subjects).toEqual([]);
      if (manifest.kind === 'ResourceQuota') {
        const { hard } = manifest.spec as { hard: Record<string, string> };
        expect(new Set(Object.values(hard))).toEqual(new Set(['0']));
      }
    }
  });

  it('is deleted from the outside in, and its namespaces last', () => {
    const names = deletions.map(describeObject);
    const at = (name: string) => {
      expect(names).toContain(name);
      return names.indexOf(name);
    };
    const order = [
      'Service team-web/api',
      'Deployment team-web/api',
      'NetworkPolicy team-web/default-deny',
      'ClusterRoleBinding team-web-reader',
      'Namespace team-web',
    ].map(at);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(names.slice(-2)).toEqual(['Namespace team-payments-jobs', 'Namespace team-web']);
    expect(names.filter((name) => name.includes('shop'))).toEqual([]);
  });

  it('is deleted by commands that name each object with its group', () => {
    expect(deleteCommands(deletions)).toEqual(
      expect.arrayContaining([
        'kubectl delete deployment.v1.apps api -n team-web --ignore-not-found',
        'kubectl delete namespace team-web --ignore-not-found',
      ]),
    );
  });

  it('has to be one', () => {
    expect(() => offboard(cluster(), 'taem')).toThrow(
      "There is no tenant 'taem' in these manifests, so nothing can be taken away. Tenants are shop, team, team-payments.",
    );
  });
});
