import { HardenedDeployment, LockedRole, Tenant, type Blueprint } from '../../../constructs';

/** An account of its own without a token, and for the one that needs the API a token for an hour with one right. */
export function serviceAccount(cluster: Blueprint): void {
  const web = new Tenant(cluster, 'accounts').namespace('web');
  new HardenedDeployment(web, 'api', { containers: [{ image: 'registry.example/api:1.4.2', port: 8080 }] });

  const leader = new HardenedDeployment(web, 'leader', {
    containers: [{ image: 'registry.example/leader:1.4.2' }],
  });
  leader.useApiToken();
  new LockedRole(web, 'election').allow(['get', 'update'], ['leases'], { names: ['leader'] }).bindTo(leader);
}
