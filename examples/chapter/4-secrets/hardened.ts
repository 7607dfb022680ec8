import { join } from 'node:path';
import { HardenedDeployment, SealedSecret, Tenant, type Blueprint } from '../../../constructs';

/** Ciphertext that is committed, opened in the cluster alone, and mounted as files that the pod's group can read. */
export function secrets(cluster: Blueprint): void {
  const web = new Tenant(cluster, 'shop').namespace('web');
  const password = new SealedSecret(web, 'password', {
    file: join(__dirname, '../../secure-cluster/sealed/redis-cart.yaml'),
  });
  const cart = new HardenedDeployment(web, 'cart', {
    containers: [{ image: 'registry.example/cart:1.4.2' }],
  });
  cart.useSecret(password); // below /etc/secrets/redis-cart
}
