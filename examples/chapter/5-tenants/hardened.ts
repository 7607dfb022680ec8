import { Tenant, type Blueprint } from '../../../constructs';

/** A namespace for each team, with a quota, and roles that read no Secrets and run no commands in pods. */
export function tenants(cluster: Blueprint): void {
  for (const team of ['red', 'blue']) {
    new Tenant(cluster, team, {
      groups: { developers: [`${team}-developers`] },
      quota: { cpu: '4', memory: '8Gi' },
    }).namespace('apps');
  }
}
