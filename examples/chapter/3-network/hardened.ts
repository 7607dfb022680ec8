import { HardenedDeployment, HardenedStatefulSet, Tenant, type Blueprint } from '../../../constructs';

/** Closed in both directions, and opened from the API to the database. Another tenant is no business of either. */
export function network(cluster: Blueprint): void {
  const shop = new Tenant(cluster, 'network');
  const db = new HardenedStatefulSet(shop.namespace('data'), 'db', {
    containers: [{ image: 'registry.example/db:16.4', port: 5432 }],
  });
  const api = new HardenedDeployment(shop.namespace('web'), 'api', {
    containers: [{ image: 'registry.example/api:1.4.2' }],
  });
  db.allowFrom(api);

  new HardenedDeployment(new Tenant(cluster, 'stranger').namespace('jobs'), 'job', {
    containers: [{ image: 'registry.example/job:1.0.0' }],
  });
}
