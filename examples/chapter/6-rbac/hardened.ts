import { HardenedDeployment, LockedRole, Tenant, type Blueprint } from '../../../constructs';

/** The one right that the controller needs, in the one namespace that it needs it in, checked by the compiler. */
export function rbac(cluster: Blueprint): void {
  const namespace = new Tenant(cluster, 'rights').namespace('apps');
  const controller = new HardenedDeployment(namespace, 'controller', {
    containers: [{ image: 'registry.example/controller:1.0.0' }],
  });
  controller.useApiToken();
  new LockedRole(namespace, 'reader').allow(['get', 'list', 'watch'], ['configmaps']).bindTo(controller);
}
